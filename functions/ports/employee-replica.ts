import type { Version } from '../core/change-version.ts';
import type { EmployeeChange } from '../core/employee-change.ts';
import type { PartitionOffsets } from '../core/offset-range.ts';

/** An employee of a snapshot whose image cannot be applied. */
export interface RetainedEmployee {
  readonly empId: number;
  /** The epoch of the snapshot. */
  readonly epoch: bigint;
}

/** What one batch may do to the replica. It holds the watermark's lock, so that the watermark does not change. */
export interface EmployeeReplicaTransaction {
  /** The replica has deleted every version at or below it, so these must not be applied. */
  readonly watermark: Version;

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
   * Deletes every employee at or below a version, and those without a version. Raises the watermark to it; a lower one
   * leaves the watermark as it is. Needs the exclusive lock.
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
 * Errors: `transaction` fails with a transient error while the database is unreachable. Then nothing
 * is applied, or, when the response to the commit was lost, everything. So the caller repeats the whole batch.
 */
export interface EmployeeReplica {
  /**
   * Commits everything that `work` does, or nothing if it throws.
   *
   * @param applied the offsets of the batch, which are recorded with the same commit; see `AppliedOffsets`.
   */
  transaction<Result>(
    lock: WatermarkLock,
    applied: readonly PartitionOffsets[],
    work: (transaction: EmployeeReplicaTransaction) => Promise<Result>,
  ): Promise<Result>;
}
