import type { Clock } from '../ports/clock.ts';
import type { PollerLedger } from '../ports/poller-ledger.ts';

/** Measures on its own clock how long ago the poller last renewed its lease. */
export class LeaseWatch {
  readonly #ledger: Pick<PollerLedger, 'read'>;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  #heartbeat: number | null | undefined;
  #changedAtMs = 0;
  #greatestAgeMs = 0;

  constructor(ledger: Pick<PollerLedger, 'read'>, clock: Pick<Clock, 'monotonicMs'>) {
    this.#ledger = ledger;
    this.#clock = clock;
  }

  /** Finds no gaps. A poller renews its lease far more often than this is called. */
  async look(): Promise<number> {
    const heartbeat = (await this.#ledger.read())?.heartbeat ?? null;
    const nowMs = this.#clock.monotonicMs();
    if (heartbeat !== this.#heartbeat) {
      this.#heartbeat = heartbeat;
      this.#changedAtMs = nowMs;
    }
    this.#greatestAgeMs = Math.max(this.#greatestAgeMs, nowMs - this.#changedAtMs);
    return 0;
  }

  /** The greatest age since the last call, in seconds. */
  takeGreatestAgeSeconds(): number {
    const seconds = this.#greatestAgeMs / 1_000;
    this.#greatestAgeMs = 0;
    return seconds;
  }
}
