import type { Clock, Ledger, LedgerEntry } from './ports.ts';

export interface LeaseTiming {
  /** A lease whose heartbeat stands still for this long is free. Shorter: a pause of the owner costs it the lease. */
  readonly leaseMs: number;
  /** A sign of life at least this often, and with it news of whoever asks for the lease. */
  readonly heartbeatMs: number;
  /** How often a waiter looks whether it is its turn; the larger part of the gap at a hand-over. */
  readonly lookMs: number;
}

/** Somebody else holds the lease: stop without a word, the rest is their work. */
export class LeaseLostError extends Error {
  override readonly name = 'LeaseLostError';
}

/**
 * The right to publish. Only its holder may save a position: each write carries the fencing number, which every change
 * of the owner raises.
 */
export class Lease {
  readonly #ledger: Ledger;
  readonly #clock: Clock;
  readonly #timing: LeaseTiming;
  readonly #owner: string;
  #fencing = 0;
  #confirmedAt = Number.NEGATIVE_INFINITY;
  #lost = true;
  #requestedBy: string | null = null;
  #resnapshot: string | null = null;
  #begun: LedgerEntry | null = null;
  /** One write at a time, in order: a position that is overtaken by an older one would go backwards. */
  #lastWrite: Promise<unknown> = Promise.resolve();

  constructor(ledger: Ledger, clock: Clock, timing: LeaseTiming, owner: string) {
    this.#ledger = ledger;
    this.#clock = clock;
    this.#timing = timing;
    this.#owner = owner;
  }

  get held(): boolean {
    return !this.#lost;
  }

  /** Who wants to be the next owner, as far as the last write has told. */
  get requestedBy(): string | null {
    return this.#requestedBy;
  }

  get resnapshot(): string | null {
    return this.#resnapshot;
  }

  /**
   * Waits until the lease is handed over, free, or its owner dead by this waiter's own clock; who knows that the owner is
   * dead waits for none of it. Should it live after all, it finds out before it publishes again, as ever.
   *
   * @returns `false` when it went to somebody else meanwhile, or `untilMs` has come.
   */
  async acquire(untilMs: number, ownerIsDead = false): Promise<boolean> {
    const lastsMs = ownerIsDead ? 0 : this.#timing.leaseMs;
    let first: LedgerEntry | null = null;
    let beat: LedgerEntry | null = null;
    let beatAt = 0;
    while (this.#clock.now() < untilMs) {
      const askedAt = this.#clock.now();
      const entry = await this.#ledger.read();
      const seenAt = this.#clock.now();
      if (entry?.owner === this.#owner) return this.#begin(entry, askedAt);
      if (entry === null || entry.owner === '') {
        if (await this.#ledger.take(entry, this.#owner)) continue;
      } else if (first !== null && entry.fencing !== first.fencing) {
        return false;
      } else {
        if (first === null) {
          first = entry;
          await this.#ledger.request(this.#owner);
        }
        if (beat?.heartbeat !== entry.heartbeat) {
          beat = entry;
          beatAt = seenAt;
        } else if (seenAt - beatAt >= lastsMs) {
          // Somebody else may be as fast; the next look tells who was first.
          await this.#ledger.take(entry, this.#owner);
          continue;
        }
      }
      await this.#clock.sleep(this.#timing.lookMs);
    }
    return false;
  }

  /** Whether nobody holds the lease, as when the table was emptied. */
  async isVacant(): Promise<boolean> {
    const entry = await this.#ledger.read();
    return entry === null || entry.owner === '';
  }

  /**
   * Makes sure that the lease is still held, as far as this side can know; asks when the last answer is not fresh, as
   * after a freeze.
   *
   * @throws LeaseLostError
   */
  async ensureHeld(): Promise<void> {
    if (this.#lost) throw new LeaseLostError(`poller ${this.#owner} no longer holds the lease`);
    if (this.#clock.now() - this.#confirmedAt > this.#timing.leaseMs / 2) await this.write();
  }

  /** A sign of life when the last one is old enough. */
  async beat(): Promise<void> {
    if (!this.#lost && this.#clock.now() - this.#confirmedAt >= this.#timing.heartbeatMs) await this.write();
  }

  /**
   * The entry as it is. Right after the lease was acquired only requests can have been added, and the next sign of life
   * brings those, so it is not asked for a second time.
   *
   * @throws LeaseLostError
   */
  async current(): Promise<LedgerEntry> {
    const begun = this.#begun;
    this.#begun = null;
    return begun ?? this.write();
  }

  /**
   * A sign of life, with the position where one is given.
   *
   * @throws LeaseLostError
   */
  async write(position?: string, doneResnapshot?: string): Promise<LedgerEntry> {
    return this.#inOrder(async () => {
      const at = this.#clock.now();
      const entry = await this.#ledger.write(this.#fencing, position, doneResnapshot);
      if (entry === null) {
        this.#lost = true;
        throw new LeaseLostError(`poller ${this.#owner} no longer holds the lease`);
      }
      this.#confirmedAt = at;
      this.#hear(entry);
      return entry;
    });
  }

  /** Gives the lease to whoever asked for it, or sets it free. */
  async handOver(position?: string): Promise<void> {
    await this.#inOrder(async () => {
      await this.#ledger.handOver(this.#fencing, this.#requestedBy ?? '', position);
      this.#lost = true;
    });
  }

  async #inOrder<Result>(write: () => Promise<Result>): Promise<Result> {
    const run = this.#lastWrite.then(() => {
      if (this.#lost) throw new LeaseLostError(`poller ${this.#owner} no longer holds the lease`);
      return write();
    });
    this.#lastWrite = run.catch(() => {});
    return run;
  }

  /** An answer is as old as its question. */
  #begin(entry: LedgerEntry, askedAt: number): true {
    this.#fencing = entry.fencing;
    this.#begun = entry;
    this.#confirmedAt = askedAt;
    this.#lost = false;
    this.#hear(entry);
    return true;
  }

  #hear(entry: LedgerEntry): void {
    this.#requestedBy = entry.requestedBy;
    this.#resnapshot = entry.resnapshot;
  }
}
