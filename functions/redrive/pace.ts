import type { Clock } from '../ports/clock.ts';

/** Smaller: more round trips. Larger: more memory, and a crash publishes more dead letters again. */
const MAX_BATCH = 1_000;
/** With a rate, batches of half a second, so that the rate is even. */
const BATCHES_PER_SECOND = 2;

/** Keeps a redrive at its rate, measured from its first batch in this invocation. */
export class Pace {
  readonly #clock: Clock;
  readonly #rate: number | null;
  #startedMs: number | undefined;
  #count = 0;

  constructor(clock: Clock, rate: number | null) {
    this.#clock = clock;
    this.#rate = rate;
  }

  /** How many dead letters the next batch may have. */
  get batchLimit(): number {
    return this.#rate === null ? MAX_BATCH : Math.min(MAX_BATCH, Math.ceil(this.#rate / BATCHES_PER_SECOND));
  }

  /** Resolves when the rate allows the next batch after one of `count` dead letters. */
  async wait(count: number): Promise<void> {
    this.#count += count;
    if (this.#rate === null) return;
    const nowMs = this.#clock.monotonicMs();
    this.#startedMs ??= nowMs;
    const dueMs = this.#startedMs + (this.#count / this.#rate) * 1_000;
    if (dueMs > nowMs) await this.#clock.sleep(dueMs - nowMs);
  }
}
