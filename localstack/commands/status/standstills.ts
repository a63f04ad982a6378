import type { ObservedStandstill } from '../../../functions/core/observation.ts';

/** What the event sources report as JSON; its other fields are counters. */
interface Metrics {
  readonly standstills?: readonly { readonly what: string; readonly reason: string; readonly forSeconds: number }[];
}

/** What stands still, as the event sources say. @param metricsUrl the address for Prometheus; JSON is beside it */
export async function readStandstills(
  metricsUrl: string,
  signal: AbortSignal,
  now = Date.now,
): Promise<ObservedStandstill[]> {
  const response = await fetch(`${metricsUrl}.json`, { signal });
  const { standstills = [] } = (await response.json()) as Metrics;
  return standstills.map(({ what, reason, forSeconds }) => ({
    what,
    reason,
    since: new Date(now() - forSeconds * 1_000),
  }));
}
