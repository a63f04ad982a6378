import type { FileArrival } from '../core/ingestion.ts';
import type { SalaryRow } from '../core/salary-record.ts';
import type { SalaryComparison } from '../core/verification.ts';

/** A version of a file. */
export interface AuditedFile extends FileArrival {
  /** Identifies the version in the tables. */
  readonly fileId: string;
}

export interface SalaryAuditResult extends SalaryComparison {
  /** Current versions whose rows or counts differ, only the first ones when there are very many. */
  readonly faultyFiles: readonly AuditedFile[];
  /** Versions that have rows although they are not current, in the same way. */
  readonly supersededFileIds: readonly string[];
}

/** A row of the tables; without values when the database refused it. */
export interface StoredSalaryRow {
  readonly rowNumber: number;
  readonly row: SalaryRow | null;
}

/**
 * Compares the salaries' totals and counts with the rows, and corrects them.
 *
 * Consistency: `compare` sees all tables at one moment, so that it needs no pause of the writers.
 * Duplicates: every repair may be repeated.
 * Concurrency: all calls may overlap with writers. A repair locks what it corrects.
 *
 * @throws every method, when the database is unreachable.
 */
export interface SalaryAudit {
  compare(): Promise<SalaryAuditResult>;

  /** Complete current versions with a greater `fileId`, ascending. `null`: from the first one on. */
  listComplete(afterFileId: string | null, maxFiles: number): Promise<readonly AuditedFile[]>;

  /** The rows of a version after a row number, ascending, those that were refused among them. */
  readRows(fileId: string, afterRow: number, maxRows: number): Promise<readonly StoredSalaryRow[]>;

  /** Whether the version is current, and all of its rows are loaded. */
  isComplete(fileId: string): Promise<boolean>;

  /** Deletes the rows of a version unless it is current. */
  removeRows(fileId: string): Promise<void>;

  /**
   * Counts the rows of a current version again, and lets reconcile-bucket start it again when some are missing.
   *
   * @param keepsRows `false`: all of its rows are deleted first.
   */
  reload(fileId: string, keepsRows: boolean): Promise<void>;

  /** Computes the totals from the rows. Returns how many it has corrected. */
  repairTotals(): Promise<number>;
}
