/**
 * The boundaries that OpenTelemetry recommends for durations of messaging operations, in milliseconds. One more count is
 * for what is above the last one.
 */
export const LATENCY_BOUNDARIES_MS = [
  5, 10, 25, 50, 75, 100, 250, 500, 750, 1_000, 2_500, 5_000, 7_500, 10_000,
] as const;

/** The latencies of one batch, in milliseconds. */
export interface LatencySummary {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly greatestMs: number;
}

/**
 * How long ago each of the origins was, ascending. An origin in the future counts as now, because the clock of the source
 * may be ahead of this one.
 */
export function latenciesSince(originsMs: readonly number[], nowMs: number): Float64Array {
  const latencies = new Float64Array(originsMs.length);
  for (const [index, originMs] of originsMs.entries()) latencies[index] = Math.max(0, nowMs - originMs);
  return latencies.sort();
}

/** `undefined` without latencies. */
export function summarizeLatencies(ascending: Float64Array): LatencySummary | undefined {
  const at = (part: number) => ascending[Math.max(0, Math.ceil(part * ascending.length) - 1)] ?? 0;
  return ascending.length === 0 ? undefined : { p50Ms: at(0.5), p99Ms: at(0.99), greatestMs: at(1) };
}

/** Adds the latencies to the counts, each to that of the first boundary which it does not exceed. */
export function countLatencies(ascending: Float64Array, counts: number[]): void {
  let bucket = 0;
  for (const latency of ascending) {
    while (latency > (LATENCY_BOUNDARIES_MS[bucket] ?? Number.POSITIVE_INFINITY)) bucket++;
    counts[bucket] = (counts[bucket] ?? 0) + 1;
  }
}
