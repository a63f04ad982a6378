import type { SnapshotReason } from '../core/snapshot-reason.ts';
import type { Clock } from '../ports/clock.ts';
import type { LedgerUpdate, PollerLedger, PollerLedgerEntry } from '../ports/poller-ledger.ts';
import { type AcquiredLease, LeaseWaiter } from './lease-waiter.ts';

export interface LeaseTiming {
  /**
   * A lease that is not renewed for this long has expired. Smaller: a short pause of its owner costs the lease. Larger:
   * after a crash the successor waits longer.
   */
  readonly leaseMs: number;
  /** Time between two renewals. Each one also returns the requests of other pollers. */
  readonly heartbeatMs: number;
  /** Time between two reads of the ledger while waiting for the lease; the larger part of the gap at a transfer. */
  readonly pollIntervalMs: number;
  /** How long a successor may take to begin before its predecessor acquires the lease again. */
  readonly acceptanceMs: number;
}

export interface LeaseOptions {
  /** Identifies this poller; unique for each lease. */
  readonly owner: string;
  readonly timing: LeaseTiming;
  /**
   * The caller knows that the present owner is dead, so its lease counts as expired. If it is alive after all, its fencing
   * token is rejected, and it stops before it publishes again.
   */
  readonly ownerIsDead?: boolean;
}

/** The lease belongs to another poller, which does the rest of the work. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/**
 * The right to publish changes. Its holder alone may save a position, because each write carries the fencing token, and
 * every change of the owner increments that.
 */
export class Lease {
  readonly #ledger: PollerLedger;
  readonly #clock: Clock;
  readonly #options: LeaseOptions;
  #fencingToken = 0;
  #confirmedAtMs = Number.NEGATIVE_INFINITY;
  #held = false;
  #requestedBy: string | null = null;
  #resnapshotToken: string | null = null;
  #resnapshotReason: SnapshotReason | null = null;
  #transferredAtMs = Number.NEGATIVE_INFINITY;
  /** The entry that `acquire` has read, until it is used or out of date. */
  #acquiredEntry: PollerLedgerEntry | null = null;
  /** Writes are sent one after the other, so that an older position never overwrites a newer one. */
  #lastWrite: Promise<unknown> = Promise.resolve();

  constructor(ledger: PollerLedger, clock: Clock, options: LeaseOptions) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#options = options;
  }

  /** Whether this poller holds the lease as of its last answer from the ledger. */
  get held(): boolean {
    return this.#held;
  }

  /** Whether another poller waits for the lease, as of the last renewal. */
  get isTransferRequested(): boolean {
    return this.#requestedBy !== null;
  }

  /** Whether a new snapshot is requested, as of the last renewal. */
  get isResnapshotRequested(): boolean {
    return this.#resnapshotToken !== null;
  }

  /** The token of that request; `null` when there is none. */
  get resnapshotToken(): string | null {
    return this.#resnapshotToken;
  }

  /** Why a new snapshot is requested, where that is known. */
  get resnapshotReason(): SnapshotReason | null {
    return this.#resnapshotReason;
  }

  /**
   * Requests the lease and waits until its owner transfers it, it is free, or it has expired.
   *
   * @returns `false` when another poller has acquired it, or at `untilMs`. The request is withdrawn then.
   */
  async acquire(untilMs: number): Promise<boolean> {
    const { owner, timing, ownerIsDead = false } = this.#options;
    const waiter = new LeaseWaiter(this.#ledger, this.#clock, {
      owner,
      expiresAfterMs: ownerIsDead ? 0 : timing.leaseMs,
      pollIntervalMs: timing.pollIntervalMs,
    });
    const acquired = await waiter.wait(untilMs);
    if (acquired !== null) this.#start(acquired);
    return acquired !== null;
  }

  /** Whether no poller holds the lease, for example because the ledger's entry was deleted. */
  async isFree(): Promise<boolean> {
    const entry = await this.#ledger.read();
    return entry === null || entry.owner === null;
  }

  /**
   * Makes sure that this poller still holds the lease: asks the ledger when the last confirmation is older than half the
   * lease, as after a frozen process.
   *
   * @throws LeaseLostError
   */
  async confirm(): Promise<void> {
    this.#assertHeld();
    if (this.#clock.monotonicMs() - this.#confirmedAtMs > this.#options.timing.leaseMs / 2) await this.#renew();
  }

  /**
   * Renews the lease if the heartbeat interval has passed since the last renewal.
   *
   * @throws LeaseLostError
   */
  async renewWhenDue(): Promise<void> {
    const { heartbeatMs } = this.#options.timing;
    if (this.#held && this.#clock.monotonicMs() - this.#confirmedAtMs >= heartbeatMs) await this.#renew();
  }

  /**
   * The ledger's entry. Right after `acquire` the entry that it has read is still valid: only requests can have been added
   * since, and the next renewal returns those.
   *
   * @throws LeaseLostError
   */
  async readEntry(): Promise<PollerLedgerEntry> {
    const entry = this.#acquiredEntry;
    this.#acquiredEntry = null;
    return entry ?? this.#renew();
  }

  /**
   * Saves a position, and renews the lease with the same write. `fulfilledToken`: the position begins the snapshot that
   * this request asked for; a request that was made later stays.
   *
   * @throws LeaseLostError
   */
  async savePosition(position: string, fulfilledToken: string | null = null): Promise<void> {
    await this.#renew({ position, ...(fulfilledToken !== null && { fulfilledResnapshotToken: fulfilledToken }) });
  }

  /** Requests a new snapshot as an operator does, so that the request also outlives this poller. */
  async requestResnapshot(token: string, reason: SnapshotReason): Promise<void> {
    await this.#ledger.requestResnapshot(token, reason);
    this.#resnapshotToken = token;
    this.#resnapshotReason = reason;
  }

  /**
   * Frees the lease, for whichever poller waits for it. The position is saved with the same write.
   *
   * @throws LeaseLostError when this poller does not hold the lease.
   */
  async release(position?: string): Promise<void> {
    await this.#inOrder(async () => {
      await this.#ledger.release(this.#fencingToken, null, position);
      this.#held = false;
    });
  }

  /**
   * Transfers the lease to the poller that requests it. The position is saved with the same write.
   *
   * @returns `false` when that poller does not request it any more. The lease is still held, and nothing is saved.
   * @throws LeaseLostError when this poller does not hold the lease.
   */
  async transfer(position?: string): Promise<boolean> {
    return this.#inOrder(async () => {
      const sentAtMs = this.#clock.monotonicMs();
      if (this.#requestedBy === null) return false;
      const outcome = await this.#ledger.release(this.#fencingToken, this.#requestedBy, position);
      if (outcome === 'request-changed') {
        await this.#renewNow();
        return false;
      }
      this.#held = false;
      this.#transferredAtMs = sentAtMs;
      return true;
    });
  }

  /**
   * Waits after a transfer until the successor has begun. If it does not begin in time, it may have died, and this poller
   * acquires the lease again, so that changes do not wait for the next invocation.
   *
   * @returns whether this poller holds the lease again.
   */
  async takeBackUnlessAccepted(): Promise<boolean> {
    const { owner, timing } = this.#options;
    const deadlineMs = this.#transferredAtMs + timing.acceptanceMs;
    // The ledger may be unreachable meanwhile.
    while (this.#clock.monotonicMs() < deadlineMs + timing.leaseMs) {
      const sentAtMs = this.#clock.monotonicMs();
      const entry = await this.#ledger.read().catch(() => undefined);
      if (entry?.owner === owner) {
        this.#start({ entry, sentAtMs });
        return true;
      }
      const isFree = entry === null || entry?.owner === null;
      if (entry !== undefined && !isFree && entry?.isAccepted) return false;
      if (entry !== undefined && (isFree || sentAtMs >= deadlineMs)) {
        if (await this.#ledger.tryAcquire(entry, owner).catch(() => false)) continue;
      }
      await this.#clock.sleep(timing.pollIntervalMs);
    }
    return false;
  }

  async #renew(update?: LedgerUpdate): Promise<PollerLedgerEntry> {
    return this.#inOrder(() => this.#renewNow(update));
  }

  async #renewNow(update?: LedgerUpdate): Promise<PollerLedgerEntry> {
    const sentAtMs = this.#clock.monotonicMs();
    const entry = await this.#ledger.renew(this.#fencingToken, update);
    if (entry === null) {
      this.#held = false;
      throw this.#lostError();
    }
    this.#setConfirmed(entry, sentAtMs);
    return entry;
  }

  async #inOrder<Result>(write: () => Promise<Result>): Promise<Result> {
    const result = this.#lastWrite.then(() => {
      this.#assertHeld();
      return write();
    });
    this.#lastWrite = result.catch(() => {});
    return result;
  }

  #start({ entry, sentAtMs }: AcquiredLease): void {
    this.#held = true;
    this.#fencingToken = entry.fencingToken;
    this.#acquiredEntry = entry;
    this.#setConfirmed(entry, sentAtMs);
    // Tells the predecessor that this poller has begun. Not awaited, because the first read must not wait for it.
    if (!entry.isAccepted) this.#renew().catch(() => {});
  }

  /** The lease is confirmed as of when the request was sent, so that a slow response cannot extend it. */
  #setConfirmed(entry: PollerLedgerEntry, sentAtMs: number): void {
    this.#confirmedAtMs = sentAtMs;
    this.#requestedBy = entry.requestedBy;
    this.#resnapshotToken = entry.resnapshotToken;
    this.#resnapshotReason = entry.resnapshotReason;
  }

  #assertHeld(): void {
    if (!this.#held) throw this.#lostError();
  }

  #lostError(): LeaseLostError {
    return new LeaseLostError(`poller ${this.#options.owner} does not hold the lease any more`);
  }
}
