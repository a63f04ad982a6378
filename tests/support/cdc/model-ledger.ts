import type { Clock, Ledger, LedgerEntry } from '../../../functions/poll-changes/ports.ts';

/** The entry of all pollers in memory, with the conditions that the real one has. */
export class ModelLedger implements Ledger {
  /** Writes of all kinds, refused ones included. */
  writes = 0;
  #entry: LedgerEntry | null = null;

  async read(): Promise<LedgerEntry | null> {
    return this.#entry;
  }

  async request(by: string): Promise<void> {
    this.#write({ requestedBy: by });
  }

  async requestResnapshot(token: string): Promise<void> {
    this.#write({ resnapshot: token });
  }

  async take(seen: LedgerEntry | null, owner: string): Promise<boolean> {
    const held = this.#entry;
    const { fencing = 0, heartbeat = 0 } = held ?? {};
    if (fencing !== (seen?.fencing ?? 0) || heartbeat !== (seen?.heartbeat ?? 0)) {
      this.writes += 1;
      return false;
    }
    this.#write({ owner, fencing: fencing + 1, heartbeat: heartbeat + 1, requestedBy: null });
    return true;
  }

  async write(fencing: number, position?: string, doneResnapshot?: string): Promise<LedgerEntry | null> {
    if (this.#entry?.fencing !== fencing) {
      this.writes += 1;
      return null;
    }
    return this.#write({
      heartbeat: this.#entry.heartbeat + 1,
      ...(position !== undefined && { position }),
      ...(doneResnapshot !== undefined && { resnapshot: null }),
    });
  }

  async handOver(fencing: number, to: string, position?: string): Promise<boolean> {
    if (this.#entry?.fencing !== fencing) {
      this.writes += 1;
      return false;
    }
    this.#write({
      owner: to,
      fencing: fencing + 1,
      heartbeat: this.#entry.heartbeat + 1,
      requestedBy: null,
      ...(position !== undefined && { position }),
    });
    return true;
  }

  /** As when somebody empties the table. */
  forget(): void {
    this.#entry = null;
  }

  #write(fields: Partial<LedgerEntry>): LedgerEntry {
    this.writes += 1;
    const empty = { owner: '', fencing: 0, heartbeat: 0, requestedBy: null, resnapshot: null, position: null };
    this.#entry = { ...(this.#entry ?? empty), ...fields };
    return this.#entry;
  }
}

/** What is away may hang, fail or be slow, for one of its users alone. */
export class Connection {
  readonly #clock: Clock;
  readonly #roundTripMs: number;
  failure: Error | null = null;

  constructor(clock: Clock, roundTripMs: number) {
    this.#clock = clock;
    this.#roundTripMs = roundTripMs;
  }

  /** The same port, reached over this connection. */
  to<Port extends object>(port: Port): Port {
    return new Proxy(port, {
      get: (target, name) => {
        const member: unknown = Reflect.get(target, name, target);
        if (typeof member !== 'function') return member;
        return async (...args: unknown[]) => {
          await this.#clock.sleep(this.#roundTripMs / 2);
          if (this.failure !== null) throw this.failure;
          const answer: unknown = await Reflect.apply(member, target, args);
          await this.#clock.sleep(this.#roundTripMs / 2);
          return answer;
        };
      },
    });
  }
}
