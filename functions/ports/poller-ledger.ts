import type { SnapshotReason } from '../core/snapshot-reason.ts';

/** The one entry that all pollers share: the owner of the lease, and how far the source is published. */
export interface PollerLedgerEntry {
  /** The poller that holds the lease; `null` when the lease is free. */
  readonly owner: string | null;
  /** Incremented whenever the owner changes, 0 before the first one. Writes with an older token are rejected. */
  readonly fencingToken: number;
  /** Incremented by every write of an owner. While it does not change, the owner may be dead. */
  readonly heartbeat: number;
  /**
   * Whether the owner has written since it became the owner. `false` only after a transfer, until the successor begins;
   * it may be dead.
   */
  readonly isAccepted: boolean;
  /** The poller that requested the lease last; `null` when none has since the owner changed. */
  readonly requestedBy: string | null;
  /** The token of a request for a new snapshot; `null` when there is none. */
  readonly resnapshotToken: string | null;
  /** Why a snapshot is requested; `null` when an operator requested it, or none is. */
  readonly resnapshotReason: SnapshotReason | null;
  /** The saved position as `encodePosition` wrote it; `null` before the first save. */
  readonly position: string | null;
}

export interface LedgerUpdate {
  readonly position?: string;
  /** Deletes the request for a new snapshot that has this token, because this position begins one. A later one stays. */
  readonly fulfilledResnapshotToken?: string;
}

/**
 * `request-changed`: the successor is not the poller that requests the lease now, and nothing was written. `lost`: the
 * lease has another owner already, and nothing was written.
 */
export type ReleaseOutcome = 'released' | 'request-changed' | 'lost';

/**
 * Keeps the pollers' lease and position in one entry, so that one condition guards both.
 *
 * Consistency: `read` sees every write that has resolved. A write is durable when it resolves.
 * Fencing: only the holder of the current fencing token can renew, release or save a position.
 * Concurrency: any number of pollers may call at once. Of two conflicting writes one takes effect.
 * Errors: every call fails while the ledger is unreachable. A write that failed may still have taken effect.
 */
export interface PollerLedger {
  /** `null` before the first write. */
  read(): Promise<PollerLedgerEntry | null>;

  /**
   * Asks the owner with this fencing token to release the lease in favour of `owner`. Replaces an earlier request. Does
   * nothing when the lease has another owner, which would otherwise answer a request that was not made to it.
   */
  requestTransfer(owner: string, fencingToken: number): Promise<void>;

  /** Deletes the request of `owner`, unless another poller has replaced it. */
  withdrawRequest(owner: string): Promise<void>;

  /** Asks the owner, or the next one, to begin a new snapshot. `token` distinguishes requests. Replaces an earlier request. */
  requestResnapshot(token: string, reason?: SnapshotReason): Promise<void>;

  /**
   * Makes `owner` the holder of the lease, with the next fencing token, if no owner has written since `seen` was read.
   *
   * @returns `false` when one has.
   */
  tryAcquire(seen: PollerLedgerEntry | null, owner: string): Promise<boolean>;

  /**
   * Increments the heartbeat, and saves what `update` holds.
   *
   * @returns the entry after the write; `null` when the lease has another owner, and nothing was written.
   */
  renew(fencingToken: number, update?: LedgerUpdate): Promise<PollerLedgerEntry | null>;

  /**
   * Ends the ownership, saves the position if there is one, and makes `successor` the owner if it still requests the
   * lease; `null` frees the lease.
   */
  release(fencingToken: number, successor: string | null, position?: string): Promise<ReleaseOutcome>;
}
