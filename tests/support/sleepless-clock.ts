import type { Clock } from '../../functions/ports/clock.ts';

/** A clock whose sleeps end at once and advance it. */
export class SleeplessClock implements Clock {
  /** The lengths of the sleeps so far. */
  readonly sleeps: number[] = [];
  nowMs: number;

  constructor(nowMs = 0) {
    this.nowMs = nowMs;
  }

  monotonicMs(): number {
    return this.nowMs;
  }

  async sleep(ms: number): Promise<void> {
    this.sleeps.push(ms);
    this.nowMs += ms;
  }
}
