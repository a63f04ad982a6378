import {
  countLatencies,
  LATENCY_BOUNDARIES_MS,
  type LatencySummary,
  latenciesSince,
  summarizeLatencies,
} from './latency.ts';

/** A sum over batches. */
interface TickSum {
  readonly batches: number;
  readonly records: number;
  /** From the origin of a record until it was committed; `null` when the origin of none is known. */
  readonly greatestMs: number | null;
  /** As many records as took that long; see `LATENCY_BOUNDARIES_MS`. */
  readonly latencyCounts: readonly number[];
}

/** What one instance of a function has received within one second so far. A later tick of the second replaces it. */
export interface PipelineTick extends TickSum {
  readonly functionName: string;
  /** Identifies the instance. */
  readonly writer: number;
  /** Seconds since 1970, by the clock of the instance when the batches began. */
  readonly second: number;
}

/** The ticks around one batch. */
export interface BatchTicks {
  /** To be written in the transaction of the batch; mostly none. A retry of the transaction writes them again. */
  readonly due: readonly PipelineTick[];
  /** To be called once, when the batch is committed. Returns how long its records took, if the origin of any is known. */
  committed(): LatencySummary | undefined;
}

export interface TickRecorderOptions {
  readonly functionName: string;
  /** A random number from 1 to 2147483647. */
  readonly writer: number;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** A write takes some 0.1 ms. Smaller: the batches take longer. Larger: the history is older while batches are rare. */
const WRITE_INTERVAL_MS = 1_000;
/** The end of a burst is late most. Smaller: more writes. Larger: more of it is only written with the next batch. */
const WRITE_AFTER_RECORDS = 1_000;
/** Less than the age at which seconds are added up to minutes. A second that is written after that would count twice. */
const FORGET_AFTER_SECONDS = 1_800;

/**
 * Adds up, by second, what one instance of a function receives, and decides when that is written to the history.
 *
 * A batch that is due writes itself too, measured until it begins, so that a single change is in the history at once. The
 * next write corrects that to its commit. One batch at a time.
 */
export class TickRecorder {
  readonly #options: TickRecorderOptions;
  /** By second: that of the last batch, and those whose final sum is not written. */
  readonly #sums = new Map<number, TickSum>();
  #writtenAtMs = Number.NEGATIVE_INFINITY;
  #unwrittenRecords = 0;

  constructor(options: TickRecorderOptions) {
    this.#options = options;
  }

  /** @param originsMs when the records of the batch came into being, as far as that is known. */
  begin(originsMs: readonly number[], recordCount: number): BatchTicks {
    const beganAtMs = this.#options.nowMs();
    const second = Math.floor(beganAtMs / 1_000);
    const withBatch = (latencies: Float64Array) => addBatch(this.#sums.get(second), recordCount, latencies);
    const isDue =
      Math.abs(beganAtMs - this.#writtenAtMs) >= WRITE_INTERVAL_MS || this.#unwrittenRecords >= WRITE_AFTER_RECORDS;
    if (recordCount === 0) return NO_TICKS;
    return {
      due: isDue ? this.#ticksWith(second, withBatch(latenciesSince(originsMs, beganAtMs))) : [],
      committed: () => {
        const latencies = latenciesSince(originsMs, this.#options.nowMs());
        const sum = withBatch(latencies);
        this.#unwrittenRecords += recordCount;
        if (isDue) {
          this.#sums.clear();
          this.#writtenAtMs = beganAtMs;
          this.#unwrittenRecords = 0;
        }
        this.#sums.set(second, sum);
        return summarizeLatencies(latencies);
      },
    };
  }

  #ticksWith(second: number, sum: TickSum): PipelineTick[] {
    const { functionName, writer } = this.#options;
    return [...new Map(this.#sums).set(second, sum)]
      .filter(([each]) => Math.abs(each - second) < FORGET_AFTER_SECONDS)
      .map(([each, values]) => ({ functionName, writer, second: each, ...values }));
  }
}

function addBatch(sum: TickSum | undefined, recordCount: number, ascending: Float64Array): TickSum {
  const latencyCounts = sum === undefined ? NO_LATENCIES.slice() : [...sum.latencyCounts];
  countLatencies(ascending, latencyCounts);
  const greatestMs = Math.max(sum?.greatestMs ?? -1, Math.round(ascending.at(-1) ?? -1));
  return {
    batches: (sum?.batches ?? 0) + 1,
    records: (sum?.records ?? 0) + recordCount,
    greatestMs: greatestMs === -1 ? null : greatestMs,
    latencyCounts,
  };
}

const NO_TICKS: BatchTicks = { due: [], committed: () => undefined };
const NO_LATENCIES: readonly number[] = Array(LATENCY_BOUNDARIES_MS.length + 1).fill(0);
