import type { CapturedChange, Employee } from '../../../functions/core/employee-change.ts';
import type { ChangeSource } from '../../../functions/ports/change-source.ts';

interface Write {
  readonly changeId: bigint;
  readonly txid: number;
  readonly action: string;
  readonly employee: Employee | null;
}

interface Transaction {
  readonly txid: number;
  readonly locks: Set<number>;
  /** What the transaction sees of what it wrote; `null` for deleted. */
  readonly view: Map<number, Employee | null>;
  truncated: boolean;
}

interface Snapshot {
  readonly xmax: number;
  readonly open: ReadonlySet<number>;
}

const encodeSnapshot = ({ xmax, open }: Snapshot) => `${Math.min(xmax, ...open)}:${xmax}:${[...open].join(',')}`;

function decodeSnapshot(text: string): Snapshot {
  const [, xmax, open] = text.split(':');
  return { xmax: Number(xmax), open: new Set(open ? open.split(',').map(Number) : []) };
}

/**
 * A model of the source: transactions with row locks, ids drawn before the commit, triggers, and what a snapshot sees.
 * What a lock would make wait is refused instead, so that a schedule stays one sequence.
 */
export class InMemoryChangeSource implements ChangeSource {
  readonly pageSize: number;
  readonly #employees = new Map<number, Employee>();
  readonly #open = new Map<number, Transaction>();
  #captured: Write[] = [];
  #nextTxid = 10;
  #nextChangeId = 1n;
  #saveNumber = 0n;
  #epoch = 0n;

  constructor(pageSize: number) {
    this.pageSize = pageSize;
  }

  get committed(): Employee[] {
    return [...this.#employees.values()].sort((a, b) => a.empId - b.empId);
  }

  begin(): number {
    const txid = this.#nextTxid++;
    this.#open.set(txid, { txid, locks: new Set(), view: new Map(), truncated: false });
    return txid;
  }

  /** Writes an employee, or deletes it; whether that is an insert, an update or nothing is the table's to say. */
  put(txid: number, employee: Employee): void {
    const transaction = this.#open.get(txid);
    if (transaction === undefined || !this.#lock(transaction, employee.empId)) return;
    const action = this.#seen(transaction, employee.empId) === null ? 'INSERT' : 'UPDATE';
    transaction.view.set(employee.empId, employee);
    this.#capture(transaction, action, employee);
  }

  delete(txid: number, empId: number): void {
    const transaction = this.#open.get(txid);
    if (transaction === undefined || !this.#lock(transaction, empId)) return;
    const before = this.#seen(transaction, empId);
    if (before === null) return;
    transaction.view.set(empId, null);
    this.#capture(transaction, 'DELETE', before);
  }

  /** Needs the table for itself, as `truncate` does. */
  truncate(txid: number): void {
    const transaction = this.#open.get(txid);
    if (transaction === undefined) return;
    for (const other of this.#open.values()) if (other !== transaction && other.locks.size > 0) return;
    transaction.locks.add(Number.NaN);
    transaction.view.clear();
    transaction.truncated = true;
    this.#capture(transaction, 'TRUNCATE', null);
  }

  commit(txid: number): void {
    const transaction = this.#open.get(txid);
    if (transaction === undefined) return;
    if (transaction.truncated) this.#employees.clear();
    for (const [empId, employee] of transaction.view) {
      if (employee === null) this.#employees.delete(empId);
      else this.#employees.set(empId, employee);
    }
    this.#open.delete(txid);
  }

  rollback(txid: number): void {
    if (!this.#open.delete(txid)) return;
    this.#captured = this.#captured.filter((write) => write.txid !== txid);
  }

  get openTransactions(): number[] {
    return [...this.#open.keys()];
  }

  async identify() {
    return { systemIdentifier: 'model', saveNumber: this.#saveNumber, serverStartedAt: 'once' };
  }

  async readDifference(since: string) {
    const snapshot = this.#snapshot();
    const changes = this.#between(since, encodeSnapshot(snapshot));
    return {
      snapshot: encodeSnapshot(snapshot),
      saveNumber: this.#saveNumber,
      serverStartedAt: 'once',
      changes: changes.length > this.pageSize ? null : changes.map(asCaptured),
    };
  }

  async measureDifference(since: string, until: string) {
    const changes = this.#between(since, until);
    const [first] = changes;
    const last = changes.at(-1);
    return first && last ? { first: String(first.changeId), last: String(last.changeId) } : null;
  }

  async readPage(since: string, until: string, afterChangeId: string, lastChangeId: string) {
    return this.#between(since, until)
      .filter(({ changeId }) => changeId > BigInt(afterChangeId) && changeId <= BigInt(lastChangeId))
      .slice(0, this.pageSize)
      .map(asCaptured);
  }

  async beginSnapshot(above: bigint) {
    this.#epoch = (above > this.#epoch ? above : this.#epoch) + 1n;
    this.#saveNumber += 1n;
    return { ...(await this.identify()), epoch: this.#epoch, snapshot: encodeSnapshot(this.#snapshot()) };
  }

  async readSnapshotChunk(afterEmpId: number | null) {
    const snapshot = this.#snapshot();
    return this.committed
      .filter(({ empId }) => afterEmpId === null || empId > afterEmpId)
      .slice(0, this.pageSize)
      .map((employee) => {
        const newest = this.#captured.findLast(
          (write) => write.employee?.empId === employee.empId && isVisible(snapshot, write.txid),
        );
        return asCaptured({ changeId: newest?.changeId ?? 0n, txid: 0, action: 'SNAPSHOT', employee });
      });
  }

  async nextSaveNumber() {
    this.#saveNumber += 1n;
    return this.#saveNumber;
  }

  async purge(since: string) {
    const snapshot = decodeSnapshot(since);
    const before = this.#captured.length;
    this.#captured = this.#captured.filter(({ txid }) => !isVisible(snapshot, txid));
    return before - this.#captured.length;
  }

  #snapshot(): Snapshot {
    return { xmax: this.#nextTxid, open: new Set(this.#open.keys()) };
  }

  #between(since: string, until: string): Write[] {
    const [before, now] = [decodeSnapshot(since), decodeSnapshot(until)];
    return this.#captured.filter(({ txid }) => isVisible(now, txid) && !isVisible(before, txid));
  }

  #seen(transaction: Transaction, empId: number): Employee | null {
    if (transaction.view.has(empId)) return transaction.view.get(empId) ?? null;
    return transaction.truncated ? null : (this.#employees.get(empId) ?? null);
  }

  #lock(transaction: Transaction, empId: number): boolean {
    for (const other of this.#open.values()) {
      if (other !== transaction && (other.locks.has(empId) || other.truncated)) return false;
    }
    transaction.locks.add(empId);
    return true;
  }

  #capture(transaction: Transaction, action: string, employee: Employee | null): void {
    this.#captured.push({ changeId: this.#nextChangeId++, txid: transaction.txid, action, employee });
  }
}

function isVisible(snapshot: Snapshot, txid: number): boolean {
  return txid < snapshot.xmax && !snapshot.open.has(txid);
}

function asCaptured({ changeId, action, employee }: Write): CapturedChange {
  const nobody = { empId: null, firstName: null, lastName: null, dob: null, city: null, salary: null };
  return { changeId: String(changeId), ...(employee ?? nobody), action, changedAt: '2026-01-31 10:20:30.5+00' };
}
