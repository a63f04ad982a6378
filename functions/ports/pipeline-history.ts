/** What a function has received within a span of time. */
export interface HistorySpan {
  /** The beginning of the span, in milliseconds since 1970. */
  readonly fromMs: number;
  readonly batches: number;
  readonly records: number;
  /** Of the records whose origin is known; `null` when there are none. The quantiles are interpolated. */
  readonly latency: HistoryLatency | null;
}

export interface HistoryLatency {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly greatestMs: number;
}

/**
 * What the functions have received and how long it took, by second for the last hour, by minute for the last day. Batches
 * write it with their own commit; see `PipelineTick`. It may lack up to a second or 1,000 records of the last batches
 * until the next batch.
 *
 * A tick with the function, writer and second of an earlier one replaces it.
 * Concurrency: all calls may overlap with batches and with each other.
 *
 * @throws every method, when the database is unreachable.
 */
export interface PipelineHistory {
  /**
   * The last seconds in steps of `stepSeconds`, ascending, each of which begins at a multiple of its length since 1970.
   * Those without records are missing. The first one begins before the last `seconds`, so that it is complete.
   */
  series(functionName: string, seconds: number, stepSeconds: number): Promise<readonly HistorySpan[]>;

  /** The last seconds as a whole. */
  total(functionName: string, seconds: number): Promise<HistorySpan>;

  /**
   * Adds up ticks of more than an hour ago to one for each minute and function, and deletes those of more than a day ago.
   * A bounded step: returns whether more is left to do.
   */
  thin(): Promise<boolean>;
}
