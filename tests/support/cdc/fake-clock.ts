import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../../functions/ports/clock.ts';

/** A clock that a test advances. Sleepers wake up in the order of their times. */
export class FakeClock implements Clock {
  #nowMs = 0;
  #sleepers: { readonly untilMs: number; readonly wake: () => void }[] = [];

  monotonicMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#sleepers.push({ untilMs: this.#nowMs + ms, wake: resolve });
    return promise;
  }

  /** Advances the time step by step, so that each sleeper wakes up at its own time and may sleep again. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#nowMs + ms;
    for (;;) {
      await nextTurn();
      const nextMs = Math.min(...this.#sleepers.map(({ untilMs }) => untilMs));
      if (nextMs > endMs) break;
      this.#nowMs = Math.max(this.#nowMs, nextMs);
      const due = this.#sleepers.filter(({ untilMs }) => untilMs <= nextMs);
      this.#sleepers = this.#sleepers.filter(({ untilMs }) => untilMs > nextMs);
      for (const { wake } of due) wake();
    }
    this.#nowMs = endMs;
  }

  /** Advances the time at once and wakes no sleeper, as if the process were frozen. */
  freeze(ms: number): void {
    this.#nowMs += ms;
  }
}

/** A view of another clock for one process that can be killed: its sleeps then never end. */
export class KillableClock implements Clock {
  readonly #clock: Clock;
  #isKilled = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  async sleep(ms: number): Promise<void> {
    await this.#clock.sleep(ms);
    if (this.#isKilled) await new Promise<never>(() => {});
  }

  kill(): void {
    this.#isKilled = true;
  }
}
