import { failureReason } from '../core/condition.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import { type Lease, LeaseLostError } from './lease.ts';

/**
 * Renews the lease in the background, so that it does not expire while an acknowledgement takes long.
 *
 * A failed renewal is only logged, because the poller checks `Lease.held` and `Lease.confirm` before it publishes.
 */
export class Heartbeat {
  readonly #lease: Lease;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #checkIntervalMs: number;
  readonly #running: Promise<void>;
  #stopped = false;

  /** Starts at once. `checkIntervalMs`: between two checks whether a renewal is due. */
  constructor(lease: Lease, clock: Clock, logger: Logger, checkIntervalMs: number) {
    this.#lease = lease;
    this.#clock = clock;
    this.#logger = logger;
    this.#checkIntervalMs = checkIntervalMs;
    this.#running = this.#run();
  }

  /** Resolves when no renewal is under way any more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#running;
  }

  async #run(): Promise<void> {
    while (!this.#stopped && this.#lease.held) {
      await this.#lease.renewWhenDue().catch((error) => {
        if (!(error instanceof LeaseLostError)) {
          this.#logger.warn('the lease could not be renewed', { reason: failureReason(error) });
        }
      });
      await this.#clock.sleep(this.#checkIntervalMs);
    }
  }
}
