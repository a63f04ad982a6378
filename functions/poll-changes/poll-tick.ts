import type { Clock } from '../ports/clock.ts';
import type { PollerTiming } from './timing.ts';

/** Without changes, each interval is longer than the one before by this factor. */
const SLOWDOWN = 1.5;

/**
 * Decides when the source is read next. Ticks are `busyTickMs` apart while there are changes, and go step by step to
 * `idleTickMs` apart when there are none.
 */
export class PollTick {
  readonly #clock: Clock;
  readonly #timing: Pick<PollerTiming, 'busyTickMs' | 'idleTickMs'>;
  #intervalMs: number;
  #lastTickAtMs: number;

  constructor(clock: Clock, timing: Pick<PollerTiming, 'busyTickMs' | 'idleTickMs'>) {
    this.#clock = clock;
    this.#timing = timing;
    this.#intervalMs = timing.busyTickMs;
    this.#lastTickAtMs = clock.monotonicMs();
  }

  /** Resolves at the next tick; at once when the work since the last one has taken longer than the interval. */
  async next(foundChanges: boolean): Promise<void> {
    const { busyTickMs, idleTickMs } = this.#timing;
    this.#intervalMs = foundChanges ? busyTickMs : Math.min(this.#intervalMs * SLOWDOWN, idleTickMs);
    await this.#clock.sleep(Math.max(0, this.#lastTickAtMs + this.#intervalMs - this.#clock.monotonicMs()));
    this.#lastTickAtMs = this.#clock.monotonicMs();
  }
}
