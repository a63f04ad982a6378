import type { FileArrival, FileState, RowCounts } from '../core/ingestion.ts';
import type { Clock } from '../ports/clock.ts';
import type { Deadline } from '../ports/deadline.ts';
import type { IngestionLedger } from '../ports/ingestion-ledger.ts';

/**
 * Heartbeat interval. A file without a heartbeat for `STALE_AFTER_SECONDS`, 60 by default, is considered abandoned. A
 * shorter interval costs more statements; a longer one gets healthy files restarted.
 */
const HEARTBEAT_MS = 5_000;

/** `continue-later`: time runs short, so another invocation must continue. A file state: stop, the version ended so. */
export type NextStep = 'continue' | 'continue-later' | Exclude<FileState, 'loading'>;

/** Decides between two batches whether an invocation may continue with its file, and sends the file's heartbeat. */
export class ProgressCheck {
  readonly #file: FileArrival;
  readonly #ledger: IngestionLedger;
  readonly #deadline: Deadline;
  readonly #clock: Clock;
  readonly #marginMs: number;
  #lastHeartbeatMs: number;

  constructor(options: {
    readonly file: FileArrival;
    readonly ledger: IngestionLedger;
    readonly deadline: Deadline;
    readonly clock: Clock;
    /**
     * Time reserved at the end of the invocation for publishes in flight and for invoking the function again. Limited to
     * a quarter of the time that the invocation begins with.
     */
    readonly marginMs: number;
  }) {
    this.#file = options.file;
    this.#ledger = options.ledger;
    this.#deadline = options.deadline;
    this.#clock = options.clock;
    this.#marginMs = Math.min(options.marginMs, options.deadline.remainingMs() / 4);
    this.#lastHeartbeatMs = options.clock.monotonicMs();
  }

  /**
   * @param counts of the rows so far, recorded with the heartbeat.
   * @throws when the ledger is unreachable and a heartbeat is due.
   */
  async nextStep(counts: RowCounts): Promise<NextStep> {
    if (this.#deadline.remainingMs() < this.#marginMs) return 'continue-later';
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#lastHeartbeatMs < HEARTBEAT_MS) return 'continue';
    this.#lastHeartbeatMs = nowMs;
    const state = await this.#ledger.reportProgress(this.#file, counts);
    return state === 'loading' ? 'continue' : state;
  }
}
