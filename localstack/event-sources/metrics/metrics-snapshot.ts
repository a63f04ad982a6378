import type { MappingMetrics } from './mapping-metrics.ts';

/** What the event sources have counted. */
export interface MetricsSnapshot {
  readonly mappings: Readonly<Record<string, MappingMetrics>>;
  readonly asynchronous: { readonly queued: number };
  /** What stands still, why, and since when. */
  readonly standstills: readonly { readonly what: string; readonly reason: string; readonly forSeconds: number }[];
}
