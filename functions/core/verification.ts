/** Why a row of the replica differs from its row in the source. */
export const DIFFERENCE_CAUSES = ['trigger-disabled', 'edited-in-target', 'came-in-by-another-way', 'lost'] as const;
export type DifferenceCause = (typeof DIFFERENCE_CAUSES)[number];

/** Without a row in the replica; without one in the source; or with other values. */
export type DifferenceKind = 'missing' | 'extra' | 'different';

/** The holder of rows that a dead letter keeps out of the replica. The other holders are the names of rules. */
export const DEAD_LETTER_HOLDER = 'dead letter';

/** A key that differs. It has the names of columns, never values. */
export interface DifferenceSample {
  readonly empId: number;
  readonly kind: DifferenceKind;
  /** A cause, `held by …`, or `unsettled`. */
  readonly cause: string;
  /** The columns that differ; empty unless both sides have the row. */
  readonly columns: readonly string[];
}

/** What a comparison of a part of the keys has found. */
export interface Comparison {
  /** Rows of the source. */
  readonly rows: number;
  /** Ranges of keys whose sums were compared. */
  readonly ranges: number;
  readonly missing: number;
  readonly extra: number;
  readonly different: number;
  /** Rows that a rule or a dead letter keeps out of the replica. They are no differences. */
  readonly held: number;
  /** Rows whose changes had not arrived when the time was over. */
  readonly unsettled: number;
  /** The number of differences by cause; causes without any are absent. */
  readonly causes: Readonly<Partial<Record<DifferenceCause, number>>>;
  /** The number of held rows by rule, or by `DEAD_LETTER_HOLDER`. */
  readonly heldBy: Readonly<Record<string, number>>;
  /** At most `SAMPLES_PER_KIND` of each: missing, extra, different, held, unsettled. */
  readonly samples: readonly DifferenceSample[];
}

export const SAMPLES_PER_KIND = 20;

/** What a repair of the employees has captured, and what it has left. */
export interface RepairedEmployees {
  readonly images: number;
  readonly deletions: number;
  /** Proven differences that are left because the time was over. */
  readonly leftByTime: number;
  /** Proven differences that are left because writers kept the table of the source locked. */
  readonly leftByLock: number;
}

/** The keys are verified in this many slices. */
export const SLICE_COUNT = 12;

/** The keys above `after`, up to `until`. `null`: without an end. */
export interface KeyRange {
  readonly after: number | null;
  readonly until: number | null;
}

export interface SalaryFinding {
  readonly kind: 'total' | 'file' | 'superseded' | 'object';
  /** A department, or a key of the bucket. */
  readonly subject: string;
  /** What was expected, what was found, and what to do. */
  readonly message: string;
}

/** What a verification of the salaries has found. */
export interface SalaryComparison {
  readonly files: number;
  readonly rows: number;
  readonly differences: number;
  /** The first of them. */
  readonly findings: readonly SalaryFinding[];
}

export function differenceCount({ missing, extra, different }: Comparison): number {
  return missing + extra + different;
}
