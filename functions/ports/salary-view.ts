import type { FileState } from '../core/ingestion.ts';

/** The totals of a department. Texts, because they are 64-bit numbers. */
export interface DepartmentTotal {
  readonly department: string;
  readonly totalSalary: string;
  readonly employees: string;
}

/** A version of a file and what became of its rows: read = filteredOut + rejected + sent once the end is recorded. */
export interface FileProgress {
  readonly bucket: string;
  readonly key: string;
  readonly version: string;
  readonly state: FileState;
  readonly read: number;
  readonly filteredOut: number;
  readonly rejected: number;
  readonly sent: number;
  readonly loaded: number;
  readonly refused: number;
  /** Whether all rows are sent. */
  readonly endRecorded: boolean;
  readonly startedAt: Date;
  readonly finishedAt: Date | null;
  readonly heartbeatAt: Date;
}

export interface SalaryOverview {
  /** By department. */
  readonly totals: readonly DepartmentTotal[];
  /** The newest files first. */
  readonly newest: readonly FileProgress[];
  /** Files that are loading now, counted up to a limit of the reader. */
  readonly loading: number;
  /** Loading files that have made no progress for a while, the longest silent first. */
  readonly standing: readonly { readonly key: string; readonly heartbeatAt: Date }[];
}

/**
 * What operators see of the salaries. Read only, each call bounded.
 *
 * @throws every method, when the target database is unreachable or slower than the limit.
 */
export interface SalaryView {
  overview(fileLimit: number): Promise<SalaryOverview>;

  /** Files whose key contains the text, the newest first; all files for an empty text. */
  findFiles(keyPart: string, limit: number): Promise<readonly FileProgress[]>;
}
