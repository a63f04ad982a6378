import type { SnapshotReason } from '../../../functions/core/snapshot-reason.ts';
import type {
  LedgerUpdate,
  PollerLedger,
  PollerLedgerEntry,
  ReleaseOutcome,
} from '../../../functions/ports/poller-ledger.ts';

const EMPTY: PollerLedgerEntry = {
  owner: null,
  fencingToken: 0,
  heartbeat: 0,
  isAccepted: true,
  requestedBy: null,
  resnapshotToken: null,
  resnapshotReason: null,
  position: null,
};

export class InMemoryPollerLedger implements PollerLedger {
  /** All writes, rejected ones included. */
  writeCount = 0;
  #entry: PollerLedgerEntry | null = null;

  async read(): Promise<PollerLedgerEntry | null> {
    return this.#entry;
  }

  async requestTransfer(owner: string, fencingToken: number): Promise<void> {
    this.writeCount += 1;
    if (this.#entry?.fencingToken === fencingToken) this.#set({ requestedBy: owner });
  }

  async withdrawRequest(owner: string): Promise<void> {
    this.writeCount += 1;
    if (this.#entry?.requestedBy === owner) this.#set({ requestedBy: null });
  }

  async requestResnapshot(token: string, reason?: SnapshotReason): Promise<void> {
    this.writeCount += 1;
    this.#set({ resnapshotToken: token, resnapshotReason: reason ?? null });
  }

  async tryAcquire(seen: PollerLedgerEntry | null, owner: string): Promise<boolean> {
    this.writeCount += 1;
    const { fencingToken, heartbeat } = this.#entry ?? EMPTY;
    if (fencingToken !== (seen ?? EMPTY).fencingToken || heartbeat !== (seen ?? EMPTY).heartbeat) return false;
    const next = { fencingToken: fencingToken + 1, heartbeat: heartbeat + 1 };
    this.#set({ owner, ...next, isAccepted: true, requestedBy: null });
    return true;
  }

  async renew(fencingToken: number, update: LedgerUpdate = {}): Promise<PollerLedgerEntry | null> {
    this.writeCount += 1;
    if (this.#entry?.fencingToken !== fencingToken) return null;
    return this.#set({
      heartbeat: this.#entry.heartbeat + 1,
      isAccepted: true,
      ...(update.position !== undefined && { position: update.position }),
      ...(update.fulfilledResnapshotToken === this.#entry.resnapshotToken && {
        resnapshotToken: null,
        resnapshotReason: null,
      }),
    });
  }

  async release(fencingToken: number, successor: string | null, position?: string): Promise<ReleaseOutcome> {
    this.writeCount += 1;
    if (this.#entry?.fencingToken !== fencingToken) return 'lost';
    if (successor !== null && this.#entry.requestedBy !== successor) return 'request-changed';
    this.#set({
      owner: successor,
      fencingToken: fencingToken + 1,
      heartbeat: this.#entry.heartbeat + 1,
      isAccepted: successor === null,
      requestedBy: null,
      ...(position !== undefined && { position }),
    });
    return 'released';
  }

  /** Deletes the entry, as an operator may. */
  delete(): void {
    this.#entry = null;
  }

  #set(fields: Partial<PollerLedgerEntry>): PollerLedgerEntry {
    this.#entry = { ...(this.#entry ?? EMPTY), ...fields };
    return this.#entry;
  }
}
