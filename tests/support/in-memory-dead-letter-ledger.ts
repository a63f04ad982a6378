import {
  type DeadLetterEntry,
  type DeadLetterState,
  keyText,
  stateOfFailure,
} from '../../functions/core/dead-letter-entry.ts';
import type {
  DeadLetterCount,
  DeadLetterFilter,
  DeadLetterLedger,
  LedgerEntry,
} from '../../functions/ports/dead-letter-ledger.ts';

const WAITING = { redriveId: null, published: null } as const;

export class InMemoryDeadLetterLedger implements DeadLetterLedger {
  readonly entries = new Map<string, LedgerEntry>();
  /** Called before each batch is indexed: it may make it fail. */
  onIndex: (entries: readonly DeadLetterEntry[]) => void = () => {};

  async index(entries: readonly DeadLetterEntry[]): Promise<{ added: number; updated: number }> {
    this.onIndex(entries);
    const before = new Map(this.entries);
    for (const entry of entries) this.#indexOne(entry);
    const changed = [...this.entries].filter(([id, entry]) => before.get(id) !== entry);
    const added = changed.filter(([id]) => !before.has(id)).length;
    return { added, updated: changed.length - added };
  }

  async list(filter: DeadLetterFilter, limit: number): Promise<readonly LedgerEntry[]> {
    return [...this.entries.values()]
      .filter((entry) => matches(filter, entry))
      .sort((a, b) => b.lastAt.getTime() - a.lastAt.getTime() || (a.id < b.id ? -1 : 1))
      .slice(0, limit);
  }

  async count(filter: DeadLetterFilter): Promise<readonly DeadLetterCount[]> {
    const found = await this.list(filter, Number.POSITIVE_INFINITY);
    const groups = Map.groupBy(found, ({ topic, code, state }) => JSON.stringify([topic, code, state]));
    return [...groups].sort().map(([group, entries]) => {
      const [topic, code, state] = JSON.parse(group) as [string, string, DeadLetterState];
      return { topic, code, state, count: entries.length };
    });
  }

  async find(id: string): Promise<LedgerEntry | null> {
    return this.entries.get(id) ?? null;
  }

  async discard(id: string): Promise<DeadLetterState | null> {
    const state = this.entries.get(id)?.state;
    if (state === 'open' || state === 'parked') this.setState(id, 'discarded');
    return this.entries.get(id)?.state ?? null;
  }

  setState(id: string, state: DeadLetterState): void {
    const entry = this.entries.get(id);
    if (entry) this.entries.set(id, { ...entry, state, stateAt: new Date() });
  }

  #indexOne(entry: DeadLetterEntry): void {
    const known = this.entries.get(entry.id);
    const failed = { ...WAITING, state: stateOfFailure(entry.attempts), stateAt: new Date() };
    if (known === undefined) {
      this.entries.set(entry.id, { ...entry, ...failed });
      return;
    }
    const isSame = known.sha256 === entry.sha256;
    const later = entry.lastAt.getTime() - known.lastAt.getTime();
    const place = entry.partition - known.partition || Number(BigInt(entry.offset) - BigInt(known.offset));
    const order = isSame ? entry.attempts - known.attempts || later || place : later;
    if (order <= 0) return;
    const { state, stateAt } = isSame && entry.attempts === known.attempts ? known : failed;
    const firstAt = isSame && known.firstAt < entry.firstAt ? known.firstAt : entry.firstAt;
    this.entries.set(entry.id, { ...known, ...entry, firstAt, state, stateAt });
  }
}

function matches({ states, topics, codes, key, file, since, until }: DeadLetterFilter, entry: LedgerEntry): boolean {
  return (
    (states?.includes(entry.state) ?? true) &&
    (topics?.includes(entry.topic) ?? true) &&
    (codes?.includes(entry.code) ?? true) &&
    (key === undefined || entry.recordKey === keyText(key)) &&
    (file === undefined || entry.file?.key === file) &&
    (since === undefined || entry.lastAt >= since) &&
    (until === undefined || entry.lastAt < until)
  );
}
