import type { Clock } from '../ports/clock.ts';

/**
 * How much of the servers a walk along the keys takes.
 *
 * `gentle`: small statements, one server at a time, with rests. `adaptive`: gentle while the source is written to, so that
 * changes are not delayed, and otherwise as `full`, which never rests.
 */
export type VerifyPace = 'gentle' | 'adaptive' | 'full';

/** The source counts as written to from so many transactions a second on. A stack without writers has less than one. */
const BUSY_PER_SECOND = 20;

/** A single transaction is no rate, however short the time since the last look. */
const BUSY_TRANSACTIONS = 2;

/** For how long an earlier count is compared with. Twice as long after the writers have ended, the walk is fast again. */
const WINDOW_MS = 1_000;

/**
 * A gentle walk rests this many times as long as its statements took, so that it takes a twentieth of a processor. Smaller: it
 * delays changes on a machine that has little left. Larger: a verification takes longer.
 */
const REST_FACTOR = 19;

/** Longer: statements that take long because the servers are busy make a round much longer. */
const MAX_REST_MS = 1_000;

/** The part of the time in which a gentle walk rests. After that it does not, so that it reaches the end of its slice. */
const RESTFUL_PART = 0.5;

interface Count {
  readonly atMs: number;
  readonly transactions: number;
}

/** Decides when a walk rests, and for how long. */
export class WalkPace {
  readonly #pace: VerifyPace;
  readonly #clock: Clock;
  #older: Count | undefined;
  #newer: Count | undefined;
  /** `undefined` until two counts are known. */
  #isBusy: boolean | undefined;
  #workMs = 0;
  #restUntilMs = Number.POSITIVE_INFINITY;

  constructor(pace: VerifyPace, clock: Clock) {
    this.#pace = pace;
    this.#clock = clock;
  }

  /** @param endMs on the clock. When the walk should be over. */
  begin(endMs: number): void {
    const nowMs = this.#clock.monotonicMs();
    this.#restUntilMs = nowMs + RESTFUL_PART * (endMs - nowMs);
    this.#workMs = 0;
  }

  /** Also while it is not known yet whether the source is written to. */
  get hasSmallSteps(): boolean {
    return this.isGentle || (this.#pace === 'adaptive' && this.#isBusy === undefined);
  }

  get isGentle(): boolean {
    return this.#pace === 'gentle' || (this.#pace === 'adaptive' && this.#isBusy === true);
  }

  /** @param transactions that had written to the source at `atMs` on the clock. */
  sawTransactions(transactions: number, atMs: number): void {
    const count = { atMs, transactions };
    if (this.#older === undefined || this.#newer === undefined) {
      this.#older = this.#newer = count;
      return;
    }
    const [ms, begun] = [count.atMs - this.#older.atMs, count.transactions - this.#older.transactions];
    this.#isBusy = begun >= BUSY_TRANSACTIONS && begun * 1_000 >= BUSY_PER_SECOND * ms;
    if (count.atMs - this.#newer.atMs < WINDOW_MS) return;
    this.#older = this.#newer;
    this.#newer = count;
  }

  /** Runs statements, whose time counts for the next rest. Other waiting does not. */
  async work<Result>(statements: () => Promise<Result>): Promise<Result> {
    const begunAtMs = this.#clock.monotonicMs();
    try {
      return await statements();
    } finally {
      this.#workMs += this.#clock.monotonicMs() - begunAtMs;
    }
  }

  async rest(): Promise<void> {
    const restMs = Math.min(REST_FACTOR * this.#workMs, MAX_REST_MS, this.#restUntilMs - this.#clock.monotonicMs());
    this.#workMs = 0;
    if (this.isGentle && restMs > 0) await this.#clock.sleep(restMs);
  }
}
