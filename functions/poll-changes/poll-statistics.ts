import type { Clock } from '../ports/clock.ts';

/** What a poller has done so far, over all its sessions. */
export class PollStatistics {
  readonly #clock: Clock;
  #published = 0;
  #lastReadAtMs: number | null = null;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Changes and snapshot rows that Kafka has acknowledged, repetitions included. */
  get published(): number {
    return this.#published;
  }

  /** Time since the source was last read for changes; `null` when it never was. */
  get lastReadMsAgo(): number | null {
    return this.#lastReadAtMs === null ? null : Math.round(this.#clock.monotonicMs() - this.#lastReadAtMs);
  }

  recordRead(): void {
    this.#lastReadAtMs = this.#clock.monotonicMs();
  }

  recordPublished(changeCount: number): void {
    this.#published += changeCount;
  }
}
