import type { FileArrival, FileState, RowCounts } from '../core/ingestion.ts';
import type { Clock } from '../ports/clock.ts';
import type { Deadline } from '../ports/deadline.ts';
import type { IngestionLedger } from '../ports/ingestion-ledger.ts';

/** Rarely enough to cost nothing, often enough that a file without a heartbeat for a minute is surely forsaken. */
const HEARTBEAT_MS = 5_000;

/** What to do next: anything but the first two means that the version is done with. */
export type Pace = 'go on' | 'hand over' | Exclude<FileState, 'loading'>;

/** Asked between two batches: is there time left, is the version still wanted? Tells the ledger that work goes on. */
export class Pacer {
  readonly #file: FileArrival;
  readonly #ledger: IngestionLedger;
  readonly #deadline: Deadline;
  readonly #clock: Clock;
  readonly #marginMs: number;
  #lastBeatMs: number;

  constructor(options: {
    readonly file: FileArrival;
    readonly ledger: IngestionLedger;
    readonly deadline: Deadline;
    readonly clock: Clock;
    /** Kept for the publishes in flight and for handing over; at most a quarter of what the invocation begins with. */
    readonly marginMs: number;
  }) {
    this.#file = options.file;
    this.#ledger = options.ledger;
    this.#deadline = options.deadline;
    this.#clock = options.clock;
    this.#marginMs = Math.min(options.marginMs, options.deadline.remainingMs() / 4);
    this.#lastBeatMs = options.clock.monotonicMs();
  }

  async next(counts: RowCounts): Promise<Pace> {
    if (this.#deadline.remainingMs() < this.#marginMs) return 'hand over';
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#lastBeatMs < HEARTBEAT_MS) return 'go on';
    this.#lastBeatMs = nowMs;
    const state = await this.#ledger.reportProgress(this.#file, counts);
    return state === 'loading' ? 'go on' : state;
  }
}
