import type { Version } from './change-version.ts';

/** One row of `employees`, which has the same columns in both databases. */
export interface Employee {
  readonly empId: number;
  readonly firstName: string | null;
  readonly lastName: string | null;
  /** In the format of `database-date.ts`. */
  readonly dob: string | null;
  readonly city: string | null;
  readonly salary: number | null;
}

/** When the change was captured. Absent for the image of a snapshot, which was not changed then, and for an unusual text. */
interface Captured {
  /** Milliseconds since 1970, by the clock of the source. */
  readonly changedAtMs?: number | undefined;
}

/** A change of one employee. `employee` is the image after the change; that before it with DELETE. */
export interface EmployeeChange extends Version, Captured {
  readonly action: 'INSERT' | 'UPDATE' | 'DELETE' | 'SNAPSHOT';
  readonly employee: Employee;
}

/** Deletes every employee at or below its version. */
export interface Truncate extends Version, Captured {
  readonly action: 'TRUNCATE';
}

/** Ends the rows of the epoch's snapshot in its partition. */
export interface SnapshotEnd extends Version {
  readonly action: 'SNAPSHOT_END';
  /** The number of partitions, each of which has such a record. */
  readonly partitions: number;
}

export type Change = EmployeeChange | Truncate | SnapshotEnd;

export function isEmployeeChange(change: Change): change is EmployeeChange {
  return change.action !== 'TRUNCATE' && change.action !== 'SNAPSHOT_END';
}

/** A row of `emp_cdc`. Any value may be missing, because the table accepts rows written by hand. */
export interface CapturedChange {
  /** `cdc_id` as text: it is a 64-bit number. */
  readonly changeId: string;
  readonly empId: number | null;
  readonly firstName: string | null;
  readonly lastName: string | null;
  readonly dob: string | null;
  readonly city: string | null;
  readonly salary: number | null;
  readonly action: string | null;
  /** A `timestamptz` in the database's output format, in UTC. */
  readonly changedAt: string;
  /** The employee in the format of the message, when the row had other columns or types. It replaces the fields above. */
  readonly image?: string | null;
}

/**
 * Returns the encoder for the changes of one epoch. The JSON value of a record on topic `employee-changes` is
 * `{schema: 1, epoch, changeId, action, employee: {empId, firstName, lastName, dob, city, salary}, changedAt}` with
 * `epoch` and `changeId` as decimal text; `employee` is null with TRUNCATE and SNAPSHOT_END.
 *
 * The JSON is concatenated, because `JSON.stringify` of an object takes twice as long.
 */
export function changeEncoder(epoch: bigint): (change: CapturedChange) => string {
  const head = `{"schema":1,"epoch":"${epoch}","changeId":"`;
  return (change) => {
    const employee =
      change.action === 'TRUNCATE'
        ? 'null'
        : (change.image ??
          `{"empId":${change.empId},"firstName":${text(change.firstName)},"lastName":${text(change.lastName)}` +
            `,"dob":${text(change.dob)},"city":${text(change.city)},"salary":${change.salary}}`);
    return (
      `${head}${change.changeId}","action":${text(change.action)},"employee":${employee}` +
      `,"changedAt":${text(isoInstant(change.changedAt))}}`
    );
  };
}

/** The value of the record that ends a snapshot in its partition. `at` is a timestamp as text. */
export function encodeSnapshotEnd(epoch: bigint, partitions: number, at: string): string {
  return JSON.stringify({
    schema: 1,
    epoch: String(epoch),
    changeId: '0',
    action: 'SNAPSHOT_END',
    employee: null,
    partitions,
    changedAt: isoInstant(at),
  });
}

/** The key of the record, so that all changes of an employee are in one partition; `null` for a change of no employee. */
export function changeKey(change: CapturedChange): string | null {
  return change.empId === null || change.action === 'TRUNCATE' ? null : String(change.empId);
}

function text(value: string | null): string {
  return value === null ? 'null' : JSON.stringify(value);
}

/** Turns `2026-01-31 10:20:30.123456+00` into `2026-01-31T10:20:30.123456Z`. Other text, such as infinity, stays. */
function isoInstant(timestamp: string): string {
  return timestamp.endsWith('+00') && timestamp[10] === ' '
    ? `${timestamp.slice(0, 10)}T${timestamp.slice(11, -3)}Z`
    : timestamp;
}
