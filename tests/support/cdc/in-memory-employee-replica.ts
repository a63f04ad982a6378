import { compareVersions, type Version } from '../../../functions/core/change-version.ts';
import { classifyError } from '../../../functions/core/classify-error.ts';
import { describeDatabaseFault } from '../../../functions/core/database-fault.ts';
import type { Employee, EmployeeChange } from '../../../functions/core/employee-change.ts';
import type { PartitionOffsets } from '../../../functions/core/offset-range.ts';
import type {
  EmployeeReplica,
  EmployeeReplicaTransaction,
  RefusedChange,
  RetainedEmployee,
  SweepState,
  WatermarkLock,
} from '../../../functions/ports/employee-replica.ts';
import type { TombstoneStore } from '../../../functions/ports/tombstone-store.ts';
import { InMemoryAppliedOffsets } from './in-memory-applied-offsets.ts';
import { InMemoryRefusals, type Operation, refusal } from './in-memory-refusals.ts';
import { ReadWriteLock } from './read-write-lock.ts';

interface AppliedVersion extends Version {
  readonly isDeleted: boolean;
  readonly ageDays: number;
}

interface ReplicaState {
  readonly employees: Map<number, Employee>;
  readonly versions: Map<number, AppliedVersion>;
  readonly snapshotEnds: Map<bigint, Set<number>>;
  watermark: Version;
  /** Employees up to this one are swept; `null` when no sweep is pending. */
  sweptUntil: number | null;
  sweepRefusal: string | null;
}

const operationOf = ({ action }: EmployeeChange): Operation => (action === 'DELETE' ? 'delete' : 'write');

const copy = (state: ReplicaState): ReplicaState => ({
  employees: new Map(state.employees),
  versions: new Map(state.versions),
  snapshotEnds: new Map([...state.snapshotEnds].map(([epoch, partitions]) => [epoch, new Set(partitions)])),
  watermark: state.watermark,
  sweptUntil: state.sweptUntil,
  sweepRefusal: state.sweepRefusal,
});

/**
 * A replica in memory. Where PostgreSQL locks the rows that a transaction writes, this one locks all of them, from the
 * first write to the end of the transaction.
 */
export class InMemoryEmployeeReplica implements EmployeeReplica, TombstoneStore {
  /** Changes that the replica refuses permanently, as a constraint of the database would. */
  refuses: (change: EmployeeChange) => boolean = () => false;
  /** Employees at most in one step of a sweep. */
  sweepStepRows = 1_000;
  /** Steps of sweeps so far. */
  sweepStepCount = 0;
  /** Outlives a transaction that is rolled back. */
  readonly #refusals = new InMemoryRefusals();
  /** What its transactions have committed. */
  readonly appliedOffsets = new InMemoryAppliedOffsets(() => this.#state.watermark.epoch);
  readonly #watermarkLock = new ReadWriteLock();
  readonly #writeLock = new ReadWriteLock();
  #state: ReplicaState = {
    employees: new Map(),
    versions: new Map(),
    snapshotEnds: new Map(),
    watermark: { epoch: -1n, changeId: -1n },
    sweptUntil: null,
    sweepRefusal: null,
  };

  /** Ascending by key. */
  get employees(): Employee[] {
    return [...this.#state.employees.values()].sort((a, b) => a.empId - b.empId);
  }

  get hasLockWaiters(): boolean {
    return this.#watermarkLock.hasWaiters || this.#writeLock.hasWaiters;
  }

  insertWithoutVersion(employee: Employee): void {
    this.#state.employees.set(employee.empId, employee);
  }

  /** Makes all versions so far older. */
  age(days: number): void {
    for (const [empId, version] of this.#state.versions) {
      this.#state.versions.set(empId, { ...version, ageDays: version.ageDays + days });
    }
  }

  async applyAtOnce(
    changes: readonly EmployeeChange[],
    applied: readonly PartitionOffsets[],
  ): Promise<number | undefined> {
    const isUnusual = new Error('needs a transaction');
    try {
      return await this.transaction('shared', applied, async (transaction) => {
        const { sweep, watermark } = transaction;
        if (sweep.isPending || sweep.refusal !== null) throw isUnusual;
        return transaction.apply(changes.filter((change) => compareVersions(change, watermark) > 0));
      });
    } catch (error) {
      if (error === isUnusual || classifyError(error) === 'permanent') return undefined;
      throw error;
    }
  }

  async transaction<Result>(
    lock: WatermarkLock,
    applied: readonly PartitionOffsets[],
    work: (transaction: EmployeeReplicaTransaction) => Promise<Result>,
  ): Promise<Result> {
    const releaseWatermark = await this.#watermarkLock.acquire(lock);
    let releaseWrites: (() => void) | undefined;
    const beginWriting = async () => {
      releaseWrites = await this.#writeLock.acquire('exclusive');
      return copy(this.#state);
    };
    const transaction = new InMemoryTransaction(this.#state, beginWriting, {
      refuses: (change) => this.refuses(change),
      refusals: this.#refusals,
      beginStep: () => {
        this.sweepStepCount += 1;
        return this.sweepStepRows;
      },
    });
    try {
      const result = await work(transaction);
      if (transaction.written !== null) this.#state = transaction.written;
      this.#refusals.recordAccepted([...transaction.accepted.keys()]);
      await this.appliedOffsets.add(applied);
      return result;
    } finally {
      releaseWrites?.();
      releaseWatermark();
    }
  }

  async sweep(): Promise<SweepState> {
    return this.transaction('exclusive', [], async (transaction) => {
      await (transaction as InMemoryTransaction).continueSweep();
      return transaction.sweep;
    });
  }

  async deleteTombstones(olderThanDays: number): Promise<number> {
    const old = [...this.#state.versions].filter(([, { isDeleted, ageDays }]) => isDeleted && ageDays > olderThanDays);
    for (const [empId] of old) this.#state.versions.delete(empId);
    return old.length;
  }
}

interface Rules {
  readonly refuses: (change: EmployeeChange) => boolean;
  readonly refusals: InMemoryRefusals;
  /** Returns the number of employees of the step. */
  readonly beginStep: () => number;
}

class InMemoryTransaction implements EmployeeReplicaTransaction {
  readonly watermark: Version;
  /** Employees that were written and deleted. */
  readonly accepted = new Map<Operation, number>();
  /** What the transaction commits; `null` before its first write. */
  written: ReplicaState | null = null;
  readonly #initial: ReplicaState;
  readonly #beginWriting: () => Promise<ReplicaState>;
  readonly #rules: Rules;

  constructor(initial: ReplicaState, beginWriting: () => Promise<ReplicaState>, rules: Rules) {
    this.watermark = initial.watermark;
    this.#initial = initial;
    this.#beginWriting = beginWriting;
    this.#rules = rules;
  }

  get sweep(): SweepState {
    const { sweptUntil, sweepRefusal } = this.written ?? this.#initial;
    return { isPending: sweptUntil !== null, refusal: sweepRefusal };
  }

  async apply(changes: readonly EmployeeChange[]): Promise<number> {
    const { employees, versions } = await this.#state();
    const newer = changes.filter((change) => {
      const version = versions.get(change.employee.empId);
      return version === undefined || compareVersions(version, change) < 0;
    });
    for (const change of newer) {
      const { empId } = change.employee;
      if (this.#rules.refuses(change)) throw refusal();
      const isDeleted = change.action === 'DELETE';
      versions.set(empId, { epoch: change.epoch, changeId: change.changeId, isDeleted, ageDays: 0 });
      if (isDeleted) employees.delete(empId);
      else employees.set(empId, change.employee);
    }
    for (const change of newer) this.#accept(operationOf(change), 1);
    return newer.length;
  }

  async judgeRefused(refused: readonly RefusedChange[]): Promise<void> {
    for (const [operation, changes = []] of Map.groupBy(refused, ({ change }) => operationOf(change))) {
      await this.#judge(operation, new Set(changes.map(({ change }) => change.employee.empId)));
    }
  }

  async withSavepoint<Result>(work: () => Promise<Result>): Promise<Result> {
    const savepoint = copy(await this.#state());
    try {
      return await work();
    } catch (error) {
      this.written = savepoint;
      throw error;
    }
  }

  async raiseWatermark({ epoch, changeId }: Version): Promise<void> {
    const state = await this.#state();
    const order = compareVersions({ epoch, changeId }, state.watermark);
    if (order < 0 || (order === 0 && (state.sweptUntil !== null || state.sweepRefusal === null))) return;
    Object.assign(state, { watermark: { epoch, changeId }, sweptUntil: Number.NEGATIVE_INFINITY, sweepRefusal: null });
    await this.continueSweep();
    for (const ended of state.snapshotEnds.keys()) if (ended <= epoch) state.snapshotEnds.delete(ended);
  }

  async continueSweep(): Promise<void> {
    const state = await this.#state();
    const after = state.sweptUntil;
    if (after === null) return;
    const maxRows = this.#rules.beginStep();
    const remaining = [...new Set([...state.employees.keys(), ...state.versions.keys()])]
      .filter((empId) => empId > after)
      .sort((a, b) => a - b);
    const refused = new Set<number>();
    for (const empId of remaining.slice(0, maxRows)) {
      const version = state.versions.get(empId);
      if (version !== undefined && compareVersions(version, state.watermark) > 0) continue;
      const employee = state.employees.get(empId);
      state.versions.delete(empId);
      if (employee === undefined) continue;
      if (this.#rules.refuses({ ...state.watermark, action: 'DELETE', employee })) refused.add(empId);
      else this.#deleteSwept(state, empId);
    }
    if (refused.size > 0) {
      await this.#judge('delete', refused);
      state.sweepRefusal ??= describeDatabaseFault(refusal());
    }
    state.sweptUntil = remaining.length > maxRows ? (remaining[maxRows - 1] ?? null) : null;
  }

  #deleteSwept(state: ReplicaState, empId: number): void {
    state.employees.delete(empId);
    this.#accept('delete', 1);
  }

  #accept(operation: Operation, count: number): void {
    this.accepted.set(operation, (this.accepted.get(operation) ?? 0) + count);
  }

  async #judge(operation: Operation, empIds: ReadonlySet<number>): Promise<void> {
    const { employees, watermark } = await this.#state();
    await this.#rules.refusals.judge(operation, empIds, {
      acceptedInBatch: this.accepted.get(operation) ?? 0,
      holdsAcceptedRows: async (count) =>
        employees.size >= count &&
        (operation === 'delete' ||
          [...employees.values()].some(
            (employee) => !this.#rules.refuses({ ...watermark, action: 'UPDATE', employee }),
          )),
    });
  }

  async retainThroughSnapshot(retained: readonly RetainedEmployee[]): Promise<void> {
    const { employees, versions } = await this.#state();
    for (const { empId, epoch } of retained) {
      // Below every change id, so that any change of the epoch is newer.
      const belowEpoch = { epoch, changeId: -1n };
      const version = versions.get(empId);
      if (!employees.has(empId) || (version !== undefined && compareVersions(version, belowEpoch) >= 0)) continue;
      versions.set(empId, { isDeleted: false, ageDays: 0, ...version, ...belowEpoch });
    }
  }

  async recordSnapshotEnd(epoch: bigint, kafkaPartition: number, partitionCount: number): Promise<boolean> {
    const { snapshotEnds } = await this.#state();
    const ended = (snapshotEnds.get(epoch) ?? new Set()).add(kafkaPartition);
    snapshotEnds.set(epoch, ended);
    return [...ended].filter((partition) => partition < partitionCount).length === partitionCount;
  }

  async #state(): Promise<ReplicaState> {
    this.written ??= await this.#beginWriting();
    return this.written;
  }
}
