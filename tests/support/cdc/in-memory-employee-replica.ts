import { compareVersions, type Version } from '../../../functions/core/change-version.ts';
import type { Employee, EmployeeChange } from '../../../functions/core/employee-change.ts';
import type { PartitionOffsets } from '../../../functions/core/offset-range.ts';
import type {
  EmployeeReplica,
  EmployeeReplicaTransaction,
  RetainedEmployee,
  WatermarkLock,
} from '../../../functions/ports/employee-replica.ts';
import type { TombstoneStore } from '../../../functions/ports/tombstone-store.ts';
import { InMemoryAppliedOffsets } from './in-memory-applied-offsets.ts';
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
}

const copy = (state: ReplicaState): ReplicaState => ({
  employees: new Map(state.employees),
  versions: new Map(state.versions),
  snapshotEnds: new Map([...state.snapshotEnds].map(([epoch, partitions]) => [epoch, new Set(partitions)])),
  watermark: state.watermark,
});

/**
 * A replica in memory. Where PostgreSQL locks the rows that a transaction writes, this one locks all of them, from the
 * first write to the end of the transaction.
 */
export class InMemoryEmployeeReplica implements EmployeeReplica, TombstoneStore {
  /** Changes that the replica refuses permanently, as a constraint of the database would. */
  refuses: (change: EmployeeChange) => boolean = () => false;
  /** What its transactions have committed. */
  readonly appliedOffsets = new InMemoryAppliedOffsets(() => this.#state.watermark.epoch);
  readonly #watermarkLock = new ReadWriteLock();
  readonly #writeLock = new ReadWriteLock();
  #state: ReplicaState = {
    employees: new Map(),
    versions: new Map(),
    snapshotEnds: new Map(),
    watermark: { epoch: -1n, changeId: -1n },
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
    const transaction = new InMemoryTransaction(this.#state.watermark, beginWriting, (change) => this.refuses(change));
    try {
      const result = await work(transaction);
      if (transaction.written !== null) this.#state = transaction.written;
      await this.appliedOffsets.add(applied);
      return result;
    } finally {
      releaseWrites?.();
      releaseWatermark();
    }
  }

  async deleteTombstones(olderThanDays: number): Promise<number> {
    const old = [...this.#state.versions].filter(([, { isDeleted, ageDays }]) => isDeleted && ageDays > olderThanDays);
    for (const [empId] of old) this.#state.versions.delete(empId);
    return old.length;
  }
}

class InMemoryTransaction implements EmployeeReplicaTransaction {
  readonly watermark: Version;
  /** What the transaction commits; `null` before its first write. */
  written: ReplicaState | null = null;
  readonly #beginWriting: () => Promise<ReplicaState>;
  readonly #refuses: (change: EmployeeChange) => boolean;

  constructor(
    watermark: Version,
    beginWriting: () => Promise<ReplicaState>,
    refuses: (change: EmployeeChange) => boolean,
  ) {
    this.watermark = watermark;
    this.#beginWriting = beginWriting;
    this.#refuses = refuses;
  }

  async apply(changes: readonly EmployeeChange[]): Promise<number> {
    const { employees, versions } = await this.#state();
    let applied = 0;
    for (const change of changes) {
      const { empId } = change.employee;
      const version = versions.get(empId);
      if (version !== undefined && compareVersions(version, change) >= 0) continue;
      if (this.#refuses(change)) throw Object.assign(new Error('refused by a constraint'), { code: '23514' });
      const isDeleted = change.action === 'DELETE';
      versions.set(empId, { epoch: change.epoch, changeId: change.changeId, isDeleted, ageDays: 0 });
      if (isDeleted) employees.delete(empId);
      else employees.set(empId, change.employee);
      applied += 1;
    }
    return applied;
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
    const to = { epoch, changeId };
    const state = await this.#state();
    for (const empId of [...state.employees.keys(), ...state.versions.keys()]) {
      const version = state.versions.get(empId);
      if (version !== undefined && compareVersions(version, to) > 0) continue;
      state.employees.delete(empId);
      state.versions.delete(empId);
    }
    for (const ended of state.snapshotEnds.keys()) if (ended <= epoch) state.snapshotEnds.delete(ended);
    if (compareVersions(to, state.watermark) > 0) state.watermark = to;
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
