import type { SourceRow } from '../core/replica-verdict.ts';

export interface SourceRows {
  /** In any order, one for each key that was asked for. */
  readonly rows: readonly SourceRow[];
  /** The newest TRUNCATE that is not part of the snapshot; `null` without one. */
  readonly truncateId: bigint | null;
}

/** A key, and the change that the replica has of it; `null` without one. */
export interface WantedEmployee {
  readonly empId: number;
  readonly replicaChangeId: bigint | null;
}

/**
 * What the source says about employees.
 *
 * Consistency: one call reads an employee, its newest change and the newest TRUNCATE at one moment.
 * Concurrency: all calls may overlap.
 *
 * @throws every method, when the source is unreachable.
 */
export interface SourceEvidence {
  /** @param epochSnapshot the `pg_snapshot` at which the epoch began. */
  read(employees: readonly WantedEmployee[], epochSnapshot: string): Promise<SourceRows>;

  /** Whether all of these changes are visible in a `pg_snapshot`. Those that are no longer retained count as visible. */
  areVisible(changeIds: readonly bigint[], snapshot: string): Promise<boolean>;
}
