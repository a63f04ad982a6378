import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../../functions/ports/clock.ts';

/** Time that passes only when a test says so, with everybody woken in the order of their alarms. */
export class FakeClock implements Clock {
  #nowMs = 0;
  #sleepers: { readonly at: number; readonly wake: () => void }[] = [];

  monotonicMs(): number {
    return this.#nowMs;
  }

  sleep(ms: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#sleepers.push({ at: this.#nowMs + ms, wake: resolve });
    return promise;
  }

  /** Lets time pass; whoever wakes up meanwhile does what there is to do at that time. */
  async advance(ms: number): Promise<void> {
    const end = this.#nowMs + ms;
    for (;;) {
      await nextTurn();
      const next = this.#sleepers.reduce<number>(
        (earliest, { at }) => Math.min(earliest, at),
        Number.POSITIVE_INFINITY,
      );
      if (next > end) break;
      this.#nowMs = Math.max(this.#nowMs, next);
      const due = this.#sleepers.filter(({ at }) => at <= next);
      this.#sleepers = this.#sleepers.filter(({ at }) => at > next);
      for (const { wake } of due) wake();
    }
    this.#nowMs = end;
  }

  /** Time passes for everybody, and nobody could do anything: the process was frozen. */
  freeze(ms: number): void {
    this.#nowMs += ms;
  }
}

/** The same time as another clock tells, for somebody who can be stopped for good. */
export class KillableClock implements Clock {
  readonly #clock: Clock;
  #isDead = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get isDead(): boolean {
    return this.#isDead;
  }

  monotonicMs(): number {
    return this.#clock.monotonicMs();
  }

  async sleep(ms: number): Promise<void> {
    await this.#clock.sleep(ms);
    if (this.#isDead) await new Promise<never>(() => {});
  }

  die(): void {
    this.#isDead = true;
  }
}
