import { compareVersions } from '../../../functions/core/change-version.ts';
import { classifyError } from '../../../functions/core/classify-error.ts';
import type { Employee, EmployeeChange } from '../../../functions/core/employee-change.ts';
import type { PartitionOffsets } from '../../../functions/core/offset-range.ts';
import type { PipelineTick } from '../../../functions/core/pipeline-tick.ts';
import type {
  EmployeeReplica,
  EmployeeReplicaTransaction,
  SweepState,
  WatermarkLock,
} from '../../../functions/ports/employee-replica.ts';
import type { TombstoneStore } from '../../../functions/ports/tombstone-store.ts';
import { InMemoryPipelineHistory } from '../in-memory-pipeline-history.ts';
import { InMemoryAppliedOffsets } from './in-memory-applied-offsets.ts';
import { InMemoryRefusals } from './in-memory-refusals.ts';
import { copy, InMemoryReplicaTransaction, type ReplicaState } from './in-memory-replica-transaction.ts';
import { ReadWriteLock } from './read-write-lock.ts';

const HOUR_MS = 60 * 60 * 1_000;
const DAY_MS = 24 * HOUR_MS;

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
  readonly history = new InMemoryPipelineHistory();
  readonly #watermarkLock = new ReadWriteLock();
  readonly #writeLock = new ReadWriteLock();
  #cleaningClaimedMs = Number.NEGATIVE_INFINITY;
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
    ticks: readonly PipelineTick[] = [],
  ): Promise<number | undefined> {
    const isUnusual = new Error('needs a transaction');
    try {
      const work = async (transaction: EmployeeReplicaTransaction) => {
        const { sweep, watermark } = transaction;
        if (sweep.isPending || sweep.refusal !== null) throw isUnusual;
        return transaction.apply(changes.filter((change) => compareVersions(change, watermark) > 0));
      };
      return await this.transaction('shared', applied, work, ticks);
    } catch (error) {
      if (error === isUnusual || classifyError(error) === 'permanent') return undefined;
      throw error;
    }
  }

  async transaction<Result>(
    lock: WatermarkLock,
    applied: readonly PartitionOffsets[],
    work: (transaction: EmployeeReplicaTransaction) => Promise<Result>,
    ticks: readonly PipelineTick[] = [],
  ): Promise<Result> {
    const releaseWatermark = await this.#watermarkLock.acquire(lock);
    let releaseWrites: (() => void) | undefined;
    const beginWriting = async () => {
      releaseWrites = await this.#writeLock.acquire('exclusive');
      return copy(this.#state);
    };
    const transaction = new InMemoryReplicaTransaction(this.#state, beginWriting, {
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
      this.history.record(ticks);
      return result;
    } finally {
      releaseWrites?.();
      releaseWatermark();
    }
  }

  async sweep(): Promise<SweepState> {
    return this.transaction('exclusive', [], async (transaction) => {
      await (transaction as InMemoryReplicaTransaction).continueSweep();
      return transaction.sweep;
    });
  }

  async claimCleaning(retentionDays: number): Promise<Date | null> {
    if (performance.now() - this.#cleaningClaimedMs < HOUR_MS) return null;
    this.#cleaningClaimedMs = performance.now();
    return new Date(-retentionDays * DAY_MS);
  }

  async deleteTombstones(appliedBefore: Date): Promise<{ deleted: number; isComplete: boolean }> {
    const isOld = (ageDays: number) => -ageDays * DAY_MS < appliedBefore.getTime();
    const old = [...this.#state.versions].filter(([, { isDeleted, ageDays }]) => isDeleted && isOld(ageDays));
    for (const [empId] of old) this.#state.versions.delete(empId);
    return { deleted: old.length, isComplete: true };
  }
}
