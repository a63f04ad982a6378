import { type ChangeRule, violatedRule } from './change-rules.ts';
import { compareVersions, type Version } from './change-version.ts';
import type { Employee } from './employee-change.ts';
import { DEAD_LETTER_HOLDER, type DifferenceCause, type DifferenceKind } from './verification.ts';

/** What the source captured of an employee. */
export interface CapturedImage {
  readonly changeId: bigint;
  /** Whether the change is part of the snapshot that began the epoch. */
  readonly isInSnapshot: boolean;
  /** `null` after a DELETE; `undefined` when the image has other columns than usual. */
  readonly employee: Employee | null | undefined;
}

/** An employee in the source, as one statement reads it. */
export interface SourceRow {
  readonly empId: number;
  readonly employee: Employee | null;
  /** Whether the row was last written by a transaction that is part of the epoch's snapshot. */
  readonly isUnchangedSinceSnapshot: boolean;
  /** The newest change that is retained. */
  readonly newest: CapturedImage | null;
  /** The change that the replica has, where it is retained. */
  readonly ofReplica: CapturedImage | null;
}

/** An employee in the replica, as one statement reads it. */
export interface ReplicaRow {
  readonly empId: number;
  readonly employee: Employee | null;
  /** More than one when the table has no key. */
  readonly copies: number;
  readonly version: (Version & { readonly isDeleted: boolean }) | null;
  /** Whether the transaction that stored the version was the last one to write the row. */
  readonly isAsApplied: boolean;
  /** Whether a dead letter of this employee is open. */
  readonly hasDeadLetter: boolean;
}

export interface VerdictContext {
  readonly epoch: bigint;
  readonly rules: readonly ChangeRule[];
  /** The newest TRUNCATE that is not part of the snapshot; `null` without one. */
  readonly truncateId: bigint | null;
  readonly watermark: Version;
  /** Whether rows at or below the watermark may be left to be deleted. */
  readonly isSweeping: boolean;
}

export type Verdict =
  | { readonly outcome: 'agreed' }
  /** The replica does not have the change yet. 0: a row of the snapshot. */
  | { readonly outcome: 'in-flight'; readonly changeId: bigint; readonly kind: DifferenceKind }
  | { readonly outcome: 'held'; readonly holder: string; readonly kind: DifferenceKind }
  | { readonly outcome: 'differs'; readonly cause: DifferenceCause; readonly kind: DifferenceKind };

/**
 * Judges one employee. The replica must have been read before the source: then a version of the replica that is not older
 * than the newest change proves that both rows belong to the same version.
 *
 * @param settledId the change that was waited for: it is published, and the applier has passed it; `null` before that.
 */
export function judgeRow(
  source: SourceRow,
  replica: ReplicaRow,
  context: VerdictContext,
  settledId: bigint | null,
): Verdict {
  if (replica.copies <= 1 && isSameEmployee(source.employee, replica.employee)) return { outcome: 'agreed' };
  const kind = kindOf(source.employee, replica.employee);
  const capture = judgeCapture(source, replica, context);
  if (capture === 'differs') return { outcome: 'differs', cause: 'trigger-disabled', kind };
  const requiredId = requiredChange(source, context);
  // A newer snapshot has begun: its position has to be read first.
  if ((replica.version?.epoch ?? -1n) > context.epoch) return { outcome: 'in-flight', changeId: 0n, kind };
  if (requiredId === null || hasApplied(replica, { epoch: context.epoch, changeId: requiredId }, context)) {
    if (replica.employee !== null && mayBeDeleted(replica, context)) {
      return { outcome: 'in-flight', changeId: requiredId ?? 0n, kind };
    }
    return { outcome: 'differs', cause: differenceCause(replica, capture), kind };
  }
  const rule = source.employee === null ? undefined : ruleAgainst(source.employee, context);
  if (rule !== undefined) return { outcome: 'held', holder: rule.name, kind };
  if (settledId === null) return { outcome: 'in-flight', changeId: requiredId, kind };
  if (requiredId > settledId) return judgeMoving(source, replica, capture, { requiredId, settledId, kind });
  if (replica.hasDeadLetter) return { outcome: 'held', holder: DEAD_LETTER_HOLDER, kind };
  return { outcome: 'differs', cause: 'lost', kind };
}

/**
 * An employee that has changed again while it was waited for, perhaps each time. It agrees when the replica has exactly the
 * image of the change that it has applied.
 */
function judgeMoving(
  source: SourceRow,
  replica: ReplicaRow,
  capture: 'same' | 'unknown',
  { requiredId, settledId, kind }: Readonly<{ requiredId: bigint; settledId: bigint; kind: DifferenceKind }>,
): Verdict {
  const { ofReplica } = source;
  const hasMoved = ofReplica !== null && ofReplica.changeId >= settledId;
  if (capture !== 'same' || !hasMoved || ofReplica.employee === undefined) {
    return { outcome: 'in-flight', changeId: requiredId, kind };
  }
  if (replica.copies <= 1 && isSameEmployee(ofReplica.employee, replica.employee)) return { outcome: 'agreed' };
  return { outcome: 'differs', cause: differenceCause(replica, 'same'), kind };
}

/** The change that the replica must have; `null` when there is none that it could have. */
function requiredChange({ employee, newest }: SourceRow, { truncateId }: VerdictContext): bigint | null {
  const changeId = newest !== null && !newest.isInSnapshot ? newest.changeId : 0n;
  const required = truncateId !== null && truncateId > changeId ? truncateId : changeId;
  return employee === null && required === 0n ? null : required;
}

function hasApplied({ version }: ReplicaRow, required: Version, { watermark }: VerdictContext): boolean {
  if (compareVersions(watermark, required) >= 0) return true;
  return version !== null && compareVersions(version, required) >= 0;
}

/** Whether a sweep may delete the row: one that is under way, or the one at the end of a snapshot that is not complete. */
function mayBeDeleted({ version }: ReplicaRow, { watermark, isSweeping, epoch }: VerdictContext): boolean {
  if (isSweeping && (version === null || compareVersions(version, watermark) <= 0)) return true;
  return watermark.epoch < epoch - 1n && (version === null || version.epoch < epoch);
}

/** Whether the source's row is what was captured of it. */
function judgeCapture(
  source: SourceRow,
  { version }: ReplicaRow,
  { truncateId, epoch }: VerdictContext,
): 'same' | 'differs' | 'unknown' {
  const { employee, newest, isUnchangedSinceSnapshot } = source;
  if (newest !== null && (truncateId === null || newest.changeId > truncateId)) {
    if (newest.employee === undefined) return 'unknown';
    return isSameEmployee(newest.employee, employee) ? 'same' : 'differs';
  }
  if (truncateId !== null) return employee === null ? 'same' : 'differs';
  // Its changes are no longer retained.
  if (version !== null && version.epoch === epoch && version.changeId > 0n) {
    return employee === null && version.isDeleted ? 'same' : 'unknown';
  }
  if (employee !== null) return isUnchangedSinceSnapshot ? 'same' : 'differs';
  return version === null || version.isDeleted || version.epoch < epoch ? 'same' : 'differs';
}

function differenceCause(replica: ReplicaRow, capture: 'same' | 'unknown'): DifferenceCause {
  if (capture === 'unknown' && replica.isAsApplied) return 'trigger-disabled';
  const isUnknownRow = replica.version === null || replica.version.isDeleted;
  if (replica.copies > 1 || (replica.employee !== null && isUnknownRow)) return 'came-in-by-another-way';
  return 'edited-in-target';
}

function ruleAgainst(employee: Employee, { rules }: VerdictContext): ChangeRule | undefined {
  return violatedRule(rules, { action: 'UPDATE', epoch: 0n, changeId: 0n, employee });
}

function kindOf(source: Employee | null, replica: Employee | null): DifferenceKind {
  if (replica === null) return 'missing';
  return source === null ? 'extra' : 'different';
}

/** The fields of an employee with the names of their columns. */
const COLUMNS = {
  empId: 'emp_id',
  firstName: 'first_name',
  lastName: 'last_name',
  dob: 'dob',
  city: 'city',
  salary: 'salary',
} as const;

/** The names of the columns that differ; none unless both are there. */
export function differingColumns(a: Employee | null, b: Employee | null): string[] {
  if (a === null || b === null) return [];
  return (Object.keys(COLUMNS) as (keyof typeof COLUMNS)[])
    .filter((field) => a[field] !== b[field])
    .map((field) => COLUMNS[field]);
}

function isSameEmployee(a: Employee | null, b: Employee | null): boolean {
  if (a === null || b === null) return a === b;
  return differingColumns(a, b).length === 0;
}
