import type { Version } from '../core/change-version.ts';
import type { EmployeeChange } from '../core/employee-change.ts';
import type { PartitionOffsets } from '../core/offset-range.ts';
import type { PipelineTick } from '../core/pipeline-tick.ts';

/** An employee of a snapshot whose image cannot be applied. */
export interface RetainedEmployee {
  readonly empId: number;
  /** The epoch of the snapshot. */
  readonly epoch: bigint;
}

/** A change that the target database refuses, and its error. */
export interface RefusedChange {
  readonly change: EmployeeChange;
  readonly error: unknown;
}

/** How far the employees at or below the watermark are deleted. */
export interface SweepState {
  /** Whether some may be left. Call `EmployeeReplica.sweep` after the commit until none is. */
  readonly isPending: boolean;
  /** Why the database kept some of them; `null` when it kept none. */
  readonly refusal: string | null;
}

/** What one batch may do to the replica. It holds the watermark's lock, so that the watermark does not change. */
export interface EmployeeReplicaTransaction {
  /** Versions at or below it are deleted or will be, so these must not be applied. */
  readonly watermark: Version;

  readonly sweep: SweepState;

  /**
   * Applies changes of different employees: each one whose version is newer than the last one applied to its employee,
   * deletions included. Returns how many those were.
   *
   * @throws a permanent error when the database refuses a value. The transaction then fails, unless the call was made
   * inside `withSavepoint`.
   */
  apply(changes: readonly EmployeeChange[]): Promise<number>;

  /** Runs `work` so that its failure undoes what `work` did, and not the transaction. */
  withSavepoint<Result>(work: () => Promise<Result>): Promise<Result>;

  /**
   * Judges the changes that were refused inside `withSavepoint`, after everything else of the batch is applied.
   *
   * @throws SchemaError when the target's schema is at fault and not the changes; see `areRowsAtFault`. Then everything
   * waits. Otherwise each of them is to become a dead letter.
   */
  judgeRefused(refused: readonly RefusedChange[]): Promise<void>;

  /**
   * Raises the watermark, and begins to delete every employee at or below it and those without a version: one step. When
   * there are more, the sweep is pending. A lower version changes nothing, and neither does the same one, unless the
   * database kept employees at the last sweep: then it begins again. Needs the exclusive lock.
   */
  raiseWatermark(to: Version): Promise<void>;

  /**
   * Retains employees in the replica, with their present values, when their snapshot ends. Any change of that epoch
   * is still newer. An employee that is not in the replica is ignored.
   */
  retainThroughSnapshot(employees: readonly RetainedEmployee[]): Promise<void>;

  /**
   * Records that all rows of a snapshot in one partition are applied. Needs the exclusive lock.
   *
   * @returns `true` when that holds for all `partitionCount` partitions.
   */
  recordSnapshotEnd(epoch: bigint, kafkaPartition: number, partitionCount: number): Promise<boolean>;
}

/** How a transaction locks the watermark. `shared`: together with other shared locks. `exclusive`: alone. */
export type WatermarkLock = 'shared' | 'exclusive';

/**
 * The employees of the target database (B), and the version that each was last changed by.
 *
 * Duplicates and order: versions decide, so changes may be applied again, late and in any order. The newest one stays.
 * Concurrency: transactions may overlap as their locks say. Two that change the same employee wait for each other.
 * Errors: all of them fail with a transient error while the database is unreachable. Then nothing is applied, or, when the
 * response to the commit was lost, everything. So the caller repeats the whole batch. `transaction` and `sweep` fail with a
 * SchemaError when the tables do not fit and no other statement can write them.
 */
export interface EmployeeReplica {
  /**
   * Applies a usual batch with a single request: changes of different employees, ascending by `empId`. Those at or below
   * the watermark, or not newer than the last change of their employee, have no effect.
   *
   * @param applied the offsets of the batch, which are recorded with the same commit; see `AppliedOffsets`.
   * @param ticks are recorded with the same commit too; see `PipelineHistory`.
   * @returns how many changes were newer; `undefined` when the batch needs `transaction`: a sweep is pending or kept
   * employees, the database refuses a change, or the target's schema does not fit. Then nothing has changed.
   */
  applyAtOnce(
    changes: readonly EmployeeChange[],
    applied: readonly PartitionOffsets[],
    ticks?: readonly PipelineTick[],
  ): Promise<number | undefined>;

  /**
   * Commits everything that `work` does, or nothing if it throws.
   *
   * @param applied the offsets of the batch, which are recorded with the same commit; see `AppliedOffsets`.
   * @param ticks are recorded with the same commit too; see `PipelineHistory`.
   */
  transaction<Result>(
    lock: WatermarkLock,
    applied: readonly PartitionOffsets[],
    work: (transaction: EmployeeReplicaTransaction) => Promise<Result>,
    ticks?: readonly PipelineTick[],
  ): Promise<Result>;

  /**
   * Deletes the next employees at or below the watermark, in a transaction of its own. Any number of callers, each of which
   * makes a step. A reader of the target sees the older employees disappear step by step. A process that dies loses
   * nothing: the state is stored, and the next batch continues.
   */
  sweep(): Promise<SweepState>;
}
