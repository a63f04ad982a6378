import type { Clock } from '../ports/clock.ts';
import type { PollerLedger, PollerLedgerEntry } from '../ports/poller-ledger.ts';
import { ExpiryWatch } from './expiry-watch.ts';

export interface LeaseWaiterOptions {
  /** The poller that waits. */
  readonly owner: string;
  /** How long the heartbeat of the lease's owner may stand still, measured by the clock of this poller. */
  readonly expiresAfterMs: number;
  /** Time between two reads of the ledger. */
  readonly pollIntervalMs: number;
}

export interface AcquiredLease {
  /** The entry in which this poller is the owner. */
  readonly entry: PollerLedgerEntry;
  /** When the read of that entry was sent. */
  readonly sentAtMs: number;
}

/** Waits for the lease until its owner transfers it, it is free, or it has expired. Use an instance once. */
export class LeaseWaiter {
  readonly #ledger: PollerLedger;
  readonly #clock: Clock;
  readonly #options: LeaseWaiterOptions;
  /** The fencing token of the owner that was asked for the lease; `null` before the first request. */
  #askedToken: number | null = null;

  constructor(ledger: PollerLedger, clock: Clock, options: LeaseWaiterOptions) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#options = options;
  }

  /**
   * Resolves with `null` when another poller has acquired the lease and has begun, or at `untilMs`. The request is
   * withdrawn then, and also after an error, so that the owner does not transfer the lease to a poller that has ended.
   */
  async wait(untilMs: number): Promise<AcquiredLease | null> {
    let acquired: AcquiredLease | null = null;
    try {
      acquired = await this.#waitUntilAcquired(untilMs);
    } finally {
      if (acquired === null && this.#askedToken !== null) await this.#withdraw().catch(() => {});
    }
    return acquired;
  }

  async #waitUntilAcquired(untilMs: number): Promise<AcquiredLease | null> {
    const { owner, expiresAfterMs, pollIntervalMs } = this.#options;
    const expiry = new ExpiryWatch(expiresAfterMs);
    while (this.#clock.monotonicMs() < untilMs) {
      const sentAtMs = this.#clock.monotonicMs();
      const entry = await this.#ledger.read();
      if (entry?.owner === owner) return { entry, sentAtMs };
      if (entry === null || entry.owner === null) {
        if (await this.#ledger.tryAcquire(entry, owner)) continue;
      } else {
        if (this.#hasOtherSuccessor(entry)) return null;
        const readAtMs = this.#clock.monotonicMs();
        await this.#ask(entry);
        if (expiry.hasExpired(entry.heartbeat, readAtMs)) {
          // Another poller may be faster. The next read shows which one is the owner.
          await this.#ledger.tryAcquire(entry, owner);
          continue;
        }
      }
      await this.#clock.sleep(pollIntervalMs);
    }
    return null;
  }

  /** Whether another poller has succeeded the owner that was asked, and has begun. */
  #hasOtherSuccessor({ fencingToken, isAccepted }: PollerLedgerEntry): boolean {
    return this.#askedToken !== null && fencingToken !== this.#askedToken && isAccepted;
  }

  async #ask({ fencingToken }: PollerLedgerEntry): Promise<void> {
    if (this.#askedToken !== null) return;
    this.#askedToken = fencingToken;
    await this.#ledger.requestTransfer(this.#options.owner, fencingToken);
  }

  async #withdraw(): Promise<void> {
    const { owner } = this.#options;
    await this.#ledger.withdrawRequest(owner);
    const entry = await this.#ledger.read();
    // The lease was transferred just before the request was withdrawn.
    if (entry?.owner === owner) await this.#ledger.release(entry.fencingToken, null);
  }
}
