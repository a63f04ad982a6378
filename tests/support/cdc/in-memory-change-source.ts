import type { CaptureFault, CaptureState } from '../../../functions/core/capture-state.ts';
import type { CapturedChange, Employee } from '../../../functions/core/employee-change.ts';
import type {
  ChangeIdRange,
  ChangeSource,
  Difference,
  SnapshotStart,
  SourceIdentity,
} from '../../../functions/ports/change-source.ts';
import { decodeSnapshot, encodeSnapshot, isVisible, type TransactionSnapshot } from './transaction-snapshot.ts';

interface StoredChange {
  readonly changeId: bigint;
  readonly txid: number;
  readonly action: string;
  readonly employee: Employee | null;
  readonly changedAtMs: number;
}

interface Transaction {
  readonly txid: number;
  readonly locks: Set<number>;
  /** The employees that the transaction has written; `null` for a deleted one. */
  readonly written: Map<number, Employee | null>;
  truncated: boolean;
}

const HOUR_MS = 3_600_000;

/**
 * A source with concurrent transactions, row locks, captured changes and snapshots. Its writers cannot wait: a write for
 * which PostgreSQL would wait for a lock does nothing.
 */
export class InMemoryChangeSource implements ChangeSource {
  readonly pageSize: number;
  captureFaults: readonly CaptureFault[] = [];
  captureMarks = { table: '1', columns: '1', types: '1', file: '1', triggers: '1', functions: '1', changes: '1' };
  readonly #gaps: { readonly txid: number; readonly reason: string }[] = [];
  readonly #nowMs: () => number;
  readonly #employees = new Map<number, Employee>();
  readonly #open = new Map<number, Transaction>();
  #changes: StoredChange[] = [];
  #nextTxid = 10;
  #nextChangeId = 1n;
  #saveNumber = 0n;
  #epoch = 0n;
  #serverStartedAt = 'once';

  /** By default the time advances by a millisecond whenever it is read. */
  constructor(pageSize: number, nowMs: () => number = tickingClock()) {
    this.pageSize = pageSize;
    this.#nowMs = nowMs;
  }

  /** The committed employees, ascending by key. */
  get employees(): Employee[] {
    return [...this.#employees.values()].sort((a, b) => a.empId - b.empId);
  }

  /** The ids of the changes that are neither rolled back nor purged. */
  get retainedChangeIds(): string[] {
    return this.#changes.map(({ changeId }) => String(changeId));
  }

  get openTransactions(): number[] {
    return [...this.#open.keys()];
  }

  begin(): number {
    const txid = this.#nextTxid++;
    this.#open.set(txid, { txid, locks: new Set(), written: new Map(), truncated: false });
    return txid;
  }

  /** Inserts the employee, or updates it. */
  put(txid: number, employee: Employee): void {
    const transaction = this.#open.get(txid);
    if (transaction === undefined || !this.#lock(transaction, employee.empId)) return;
    const action = this.#read(transaction, employee.empId) === null ? 'INSERT' : 'UPDATE';
    transaction.written.set(employee.empId, employee);
    this.#capture(transaction, action, employee);
  }

  delete(txid: number, empId: number): void {
    const transaction = this.#open.get(txid);
    if (transaction === undefined || !this.#lock(transaction, empId)) return;
    const before = this.#read(transaction, empId);
    if (before === null) return;
    transaction.written.set(empId, null);
    this.#capture(transaction, 'DELETE', before);
  }

  /** Locks the whole table. */
  truncate(txid: number): void {
    const transaction = this.#open.get(txid);
    if (transaction === undefined) return;
    for (const other of this.#open.values()) if (other !== transaction && other.locks.size > 0) return;
    transaction.locks.add(Number.NaN);
    transaction.written.clear();
    transaction.truncated = true;
    this.#capture(transaction, 'TRUNCATE', null);
  }

  commit(txid: number): void {
    const transaction = this.#open.get(txid);
    if (transaction === undefined) return;
    if (transaction.truncated) this.#employees.clear();
    for (const [empId, employee] of transaction.written) {
      if (employee === null) this.#employees.delete(empId);
      else this.#employees.set(empId, employee);
    }
    this.#open.delete(txid);
  }

  rollback(txid: number): void {
    if (!this.#open.delete(txid)) return;
    this.#changes = this.#changes.filter((change) => change.txid !== txid);
  }

  /** Restarts the server, which rolls back all open transactions. */
  restart(): void {
    for (const txid of this.openTransactions) this.rollback(txid);
    this.#serverStartedAt = 'again';
  }

  /** Notes that a change is not captured. */
  noteGap(reason: string): void {
    const txid = this.begin();
    this.#gaps.push({ txid, reason });
    this.commit(txid);
  }

  /** The next change has this id, as after `alter sequence … restart with`. */
  restartChangeIds(nextChangeId: bigint): void {
    this.#nextChangeId = nextChangeId;
  }

  /** Makes all changes so far older. */
  age(hours: number): void {
    this.#changes = this.#changes.map((change) => ({ ...change, changedAtMs: change.changedAtMs - hours * HOUR_MS }));
  }

  async identify(): Promise<SourceIdentity> {
    return {
      systemIdentifier: 'in-memory',
      saveNumber: this.#saveNumber,
      epoch: this.#epoch,
      serverStartedAt: this.#serverStartedAt,
    };
  }

  async readDifference(since: string): Promise<Difference> {
    const { saveNumber, serverStartedAt } = await this.identify();
    const snapshot = encodeSnapshot(this.#snapshot());
    const changes = this.#changesBetween(since, snapshot);
    return {
      snapshot,
      saveNumber,
      serverStartedAt,
      changes: changes.length > this.pageSize ? null : changes.map(toCapturedChange),
      lastGivenId: await this.lastGivenId(),
    };
  }

  async lastGivenId(): Promise<string | null> {
    return this.#nextChangeId === 1n ? null : String(this.#nextChangeId - 1n);
  }

  async measureDifference(since: string, until: string): Promise<ChangeIdRange | null> {
    const changes = this.#changesBetween(since, until);
    const [first] = changes;
    const last = changes.at(-1);
    return first && last ? { first: String(first.changeId), last: String(last.changeId) } : null;
  }

  async readPage(since: string, until: string, afterChangeId: string, lastChangeId: string) {
    return this.#changesBetween(since, until)
      .filter(({ changeId }) => changeId > BigInt(afterChangeId) && changeId <= BigInt(lastChangeId))
      .slice(0, this.pageSize)
      .map(toCapturedChange);
  }

  async inspectCapture(since: string | null): Promise<CaptureState> {
    const snapshot = since === null ? null : decodeSnapshot(since);
    const gap = this.#gaps.findLast(({ txid }) => snapshot !== null && !isVisible(snapshot, txid));
    return { faults: this.captureFaults, marks: this.captureMarks, gapReason: gap?.reason ?? null };
  }

  async beginSnapshot(above: bigint): Promise<SnapshotStart> {
    const atLeast = BigInt(Math.floor(this.#nowMs()));
    this.#epoch = [this.#epoch + 1n, above + 1n].reduce((epoch, next) => (next > epoch ? next : epoch), atLeast);
    this.#saveNumber += 1n;
    return { ...(await this.identify()), epoch: this.#epoch, snapshot: encodeSnapshot(this.#snapshot()) };
  }

  async readSnapshotChunk(afterEmpId: number | null, withoutIdsOf: string | null) {
    const ignored = withoutIdsOf === null ? null : decodeSnapshot(withoutIdsOf);
    const snapshot = this.#snapshot();
    return this.employees
      .filter(({ empId }) => afterEmpId === null || empId > afterEmpId)
      .slice(0, this.pageSize)
      .map((employee) => {
        const newest = this.#changes.findLast(
          (change) => change.employee?.empId === employee.empId && isVisible(snapshot, change.txid),
        );
        const hasId = newest !== undefined && (ignored === null || !isVisible(ignored, newest.txid));
        return toCapturedChange({
          ...{
            changeId: hasId ? newest.changeId : 0n,
            txid: 0,
            action: 'SNAPSHOT',
            employee,
          },
          changedAtMs: this.#nowMs(),
        });
      });
  }

  async nextSaveNumber(): Promise<bigint> {
    this.#saveNumber += 1n;
    return this.#saveNumber;
  }

  async purge(since: string, retentionHours: number): Promise<number> {
    const snapshot = decodeSnapshot(since);
    const olderThanMs = this.#nowMs() - retentionHours * HOUR_MS;
    const retained = this.#changes.filter(
      ({ txid, changedAtMs }) => changedAtMs >= olderThanMs || !isVisible(snapshot, txid),
    );
    const purged = this.#changes.length - retained.length;
    this.#changes = retained;
    return purged;
  }

  #snapshot(): TransactionSnapshot {
    return { xmax: this.#nextTxid, open: new Set(this.#open.keys()) };
  }

  #changesBetween(since: string, until: string): StoredChange[] {
    const [before, after] = [decodeSnapshot(since), decodeSnapshot(until)];
    return this.#changes.filter(({ txid }) => isVisible(after, txid) && !isVisible(before, txid));
  }

  #read(transaction: Transaction, empId: number): Employee | null {
    if (transaction.written.has(empId)) return transaction.written.get(empId) ?? null;
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
    const { txid } = transaction;
    this.#changes.push({ changeId: this.#nextChangeId++, txid, action, employee, changedAtMs: this.#nowMs() });
  }
}

function toCapturedChange({ changeId, action, employee, changedAtMs }: StoredChange): CapturedChange {
  const noEmployee = { empId: null, firstName: null, lastName: null, dob: null, city: null, salary: null };
  const changedAt = new Date(changedAtMs).toISOString().replace('T', ' ').replace('Z', '+00');
  return { changeId: String(changeId), ...(employee ?? noEmployee), action, changedAt };
}

function tickingClock(): () => number {
  let nowMs = 1_000;
  return () => nowMs++;
}
