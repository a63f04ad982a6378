import { LATENCY_BOUNDARIES_MS } from '../../core/latency.ts';
import type { PipelineTick } from '../../core/pipeline-tick.ts';

/**
 * The end of a select list, which records ticks: a statement of its own would be a further round trip. Nothing when there
 * are none, so that most batches pay nothing. Statements with it need a name of their own.
 */
export function recordTicks(parameter: number, ticks: readonly PipelineTick[]): string {
  return ticks.length === 0 ? '' : `, record_pipeline_ticks($${parameter}::jsonb)`;
}

/** The parameter of `recordTicks`, if it has one. */
export function tickParameters(ticks: readonly PipelineTick[]): string[] {
  return ticks.length === 0 ? [] : [JSON.stringify(ticks.map(tickRow))];
}

const COUNT_COLUMNS = [...LATENCY_BOUNDARIES_MS.map((boundary) => `ms_${boundary}`), 'ms_more'];

function tickRow({ functionName, writer, second, batches, records, greatestMs, latencyCounts }: PipelineTick) {
  const counts = COUNT_COLUMNS.map((column, bucket) => [column, latencyCounts[bucket] ?? 0]);
  const at = new Date(second * 1_000).toISOString();
  return {
    ...{ function_name: functionName, at, writer, batches, records, greatest_ms: greatestMs },
    ...Object.fromEntries(counts),
  };
}
