export interface Clock {
  /** Milliseconds since 1970, by the wall clock, which may be set forward or back at any time. Never for durations. */
  now(): number;
  /** Milliseconds since a fixed moment, whatever happens to the wall clock. */
  monotonic(): number;
  /** Resolves after `ms`; rejects with the signal's reason when it aborts first. */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** The longest delay of a timer in Node; a longer one would end at once. */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  wait: (ms, signal) =>
    new Promise((resolve, reject) => {
      if (signal.aborted) {
        reject(signal.reason);
        return;
      }
      const end = () => {
        clearTimeout(timer);
        reject(signal.reason);
      };
      const timer = setTimeout(
        () => {
          signal.removeEventListener('abort', end);
          resolve();
        },
        Math.min(ms, MAX_TIMER_MS),
      );
      signal.addEventListener('abort', end, { once: true });
    }),
};

/**
 * Milliseconds since 1970 that advance evenly from the wall clock's time at the creation on. A wall clock that is set while
 * the process runs makes no difference.
 */
export class EvenTime {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  readonly #offsetMs: number;

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.#clock = clock;
    this.#offsetMs = clock.now() - clock.monotonic();
  }

  now(): number {
    return Math.round(this.#clock.monotonic() + this.#offsetMs);
  }
}

/** The wall clock, which advances evenly while it stands still. */
export class WallTime {
  readonly #clock: Pick<Clock, 'now' | 'monotonic'>;
  /** The last time that the wall clock showed, and since when. */
  #last: { readonly wallMs: number; readonly sinceMs: number };

  constructor(clock: Pick<Clock, 'now' | 'monotonic'>) {
    this.#clock = clock;
    this.#last = { wallMs: clock.now(), sinceMs: clock.monotonic() };
  }

  now(): number {
    const wallMs = this.#clock.now();
    const monotonicMs = this.#clock.monotonic();
    if (wallMs !== this.#last.wallMs) this.#last = { wallMs, sinceMs: monotonicMs };
    return wallMs + Math.trunc(monotonicMs - this.#last.sinceMs);
  }
}
