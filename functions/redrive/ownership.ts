import type { Clock } from '../ports/clock.ts';
import type { RedriveLedger } from '../ports/redrive-ledger.ts';

/** Smaller: more queries. Larger: a short outage of the database is more likely to cost the ownership. */
export const RENEW_INTERVAL_MS = 5_000;

/** One renewal may fail. Smaller: a query before each batch. Larger: an owner that was frozen publishes a batch too many. */
const TRUSTED_FOR_MS = 2 * RENEW_INTERVAL_MS;

/**
 * Renews the ownership of a redrive at an interval, because a batch of large files or a low rate may take longer than
 * an owner may be silent.
 */
export class Ownership {
  readonly #ledger: Pick<RedriveLedger, 'renew'>;
  readonly #clock: Pick<Clock, 'monotonicMs'>;
  readonly #redriveId: string;
  readonly #owner: string;
  readonly #timer: NodeJS.Timeout;
  #renewedAtMs: number;
  #isLost = false;

  /** Begins right after the redrive was acquired. */
  constructor(
    { ledger, clock }: { readonly ledger: Pick<RedriveLedger, 'renew'>; readonly clock: Pick<Clock, 'monotonicMs'> },
    redriveId: string,
    owner: string,
  ) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#redriveId = redriveId;
    this.#owner = owner;
    this.#renewedAtMs = clock.monotonicMs();
    // Ignored here: when the last renewal is too old, `isHeld` renews it and throws the error.
    this.#timer = setInterval(() => void this.#renew().catch(() => {}), RENEW_INTERVAL_MS).unref();
  }

  /**
   * Whether the next batch may be published. Asks the ledger when the last answer is not recent, as after the process was
   * frozen.
   *
   * @throws when the ledger is unreachable.
   */
  async isHeld(): Promise<boolean> {
    if (!this.#isLost && this.#clock.monotonicMs() - this.#renewedAtMs > TRUSTED_FOR_MS) await this.#renew();
    return !this.#isLost;
  }

  end(): void {
    clearInterval(this.#timer);
  }

  async #renew(): Promise<void> {
    const askedAtMs = this.#clock.monotonicMs();
    if (await this.#ledger.renew(this.#redriveId, this.#owner)) this.#renewedAtMs = askedAtMs;
    else this.#isLost = true;
  }
}
