import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../../../localstack/event-sources/clock.ts';

/** A clock whose waits take no real time: each is recorded and moves the clock forward. */
export class JumpingClock implements Clock {
  /** Lengths of the waits so far, in milliseconds. */
  readonly waits: number[] = [];
  #nowMs: number;
  #monotonicMs = 0;

  constructor(nowMs = Date.parse('2026-11-22T10:00:00Z')) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  monotonic(): number {
    return this.#monotonicMs;
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    this.#monotonicMs += ms;
  }

  /** Sets the wall clock, as a person or a time server does. */
  setWallClock(byMs: number): void {
    this.#nowMs += byMs;
  }

  async wait(ms: number, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    this.waits.push(ms);
    this.advance(ms);
    await nextTurn();
    signal.throwIfAborted();
  }
}

/** A clock whose waits only end when their signal aborts. */
export class StoppedClock extends JumpingClock {
  override wait(ms: number, signal: AbortSignal): Promise<void> {
    this.waits.push(ms);
    return new Promise((_resolve, reject) => {
      if (signal.aborted) reject(signal.reason);
      signal.addEventListener('abort', () => reject(signal.reason));
    });
  }
}
