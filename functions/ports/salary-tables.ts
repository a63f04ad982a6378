import type { PipelineTick } from '../core/pipeline-tick.ts';
import type { ReceivedSalary } from '../core/salary-record.ts';

/** The result of loading one batch. */
export interface LoadOutcome {
  /** Number of rows that this batch inserted. */
  readonly loaded: number;
  /** Number of rows that were in the tables before, or that belong to a version which is not current. */
  readonly skipped: number;
  /** Rows of versions that are not in the ingestion ledger. */
  readonly unregistered: readonly ReceivedSalary[];
}

/** A row that the database refuses, and its error. */
export interface RefusedSalary {
  readonly received: ReceivedSalary;
  readonly error: unknown;
}

/**
 * The employees' rows, the totals by department and the counts of each file. Each call changes them in one transaction.
 *
 * Delivery: exactly once. A row is identified by (bucket, key, version, rowNumber), and only its first arrival counts.
 * Order: none needed, within a batch or between batches.
 * Concurrency: calls may overlap, also with the same rows. Two batches that share rows in different orders may deadlock:
 * the database then ends one of them with a transient error, and it must be retried.
 *
 * @throws every method, when the database is unreachable, and a SchemaError when the tables do not fit.
 */
export interface SalaryTables {
  /**
   * Inserts the rows that are not there yet and adds their salaries to the totals.
   *
   * A row that was rejected is moved from the rejected rows of its file to those sent, and one that was counted as refused
   * is not counted so any more. While its file is read again, a row that was rejected is skipped, because it is judged
   * with the file.
   *
   * @param ticks are recorded with the same commit; see `PipelineHistory`.
   * @throws with the database's SQLSTATE when it refuses one of the rows; nothing of the batch is then written.
   */
  load(batch: readonly ReceivedSalary[], ticks?: readonly PipelineTick[]): Promise<LoadOutcome>;

  /**
   * Judges rows that were refused alone, after all others of their batch were loaded.
   *
   * @param acceptedCount rows of the batch that were loaded.
   * @throws SchemaError when the target's schema is at fault and not the rows; see `areRowsAtFault`. Then everything waits.
   * Otherwise each of them is to become a dead letter.
   */
  judgeRefused(refused: readonly RefusedSalary[], acceptedCount: number): Promise<void>;

  /**
   * Counts rows as refused by the database, so that their file can complete without them. A row that is in the tables,
   * or that belongs to a version which is not current, is not counted. A row that was rejected is moved as `load` does.
   */
  recordRefused(batch: readonly ReceivedSalary[]): Promise<void>;
}
