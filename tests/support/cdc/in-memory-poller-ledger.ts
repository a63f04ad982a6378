import type { SnapshotReason } from '../../../functions/core/snapshot-reason.ts';
import type { LedgerUpdate, PollerLedger, PollerLedgerEntry } from '../../../functions/ports/poller-ledger.ts';

const EMPTY: PollerLedgerEntry = {
  owner: null,
  fencingToken: 0,
  heartbeat: 0,
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

  async requestTransfer(owner: string): Promise<void> {
    this.writeCount += 1;
    this.#set({ requestedBy: owner });
  }

  async requestResnapshot(token: string, reason?: SnapshotReason): Promise<void> {
    this.writeCount += 1;
    this.#set({ resnapshotToken: token, resnapshotReason: reason ?? null });
  }

  async tryAcquire(seen: PollerLedgerEntry | null, owner: string): Promise<boolean> {
    this.writeCount += 1;
    const { fencingToken, heartbeat } = this.#entry ?? EMPTY;
    if (fencingToken !== (seen ?? EMPTY).fencingToken || heartbeat !== (seen ?? EMPTY).heartbeat) return false;
    this.#set({ owner, fencingToken: fencingToken + 1, heartbeat: heartbeat + 1, requestedBy: null });
    return true;
  }

  async renew(fencingToken: number, update: LedgerUpdate = {}): Promise<PollerLedgerEntry | null> {
    this.writeCount += 1;
    if (this.#entry?.fencingToken !== fencingToken) return null;
    return this.#set({
      heartbeat: this.#entry.heartbeat + 1,
      ...(update.position !== undefined && { position: update.position }),
      ...(update.clearResnapshotRequest && { resnapshotToken: null, resnapshotReason: null }),
    });
  }

  async release(fencingToken: number, successor: string | null, position?: string): Promise<boolean> {
    this.writeCount += 1;
    if (this.#entry?.fencingToken !== fencingToken) return false;
    this.#set({
      owner: successor,
      fencingToken: fencingToken + 1,
      heartbeat: this.#entry.heartbeat + 1,
      requestedBy: null,
      ...(position !== undefined && { position }),
    });
    return true;
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
