import { InputError } from './errors.ts';
import { isInt32 } from './int32.ts';
import { parseJsonObject } from './json-object.ts';
import type { KafkaRecord } from './kafka-record.ts';

/** Identifies one version of one object. Every employee's row belongs to one. */
export interface FileVersion {
  readonly bucket: string;
  readonly key: string;
  /** S3's version id, or the event's sequencer where the bucket keeps no versions. */
  readonly version: string;
}

/** A row that passed every rule, with the values that the tables store. */
export interface SalaryRow {
  readonly department: string;
  readonly departmentDivision: string;
  readonly positionTitle: string;
  /** `YYYY-MM-DD`. */
  readonly hireDate: string;
  /** Whole units, rounded down, 0 to 2147483647. */
  readonly salary: number;
}

/** One record on topic `employee-salaries`, identified by (bucket, key, version, rowNumber). */
export interface SalaryRecord extends FileVersion, SalaryRow {
  /** From 1; the header and blank lines are not counted. */
  readonly rowNumber: number;
}

/** A salary record together with the Kafka record that carried it. */
export interface ReceivedSalary {
  readonly salary: SalaryRecord;
  readonly record: KafkaRecord;
  /** Whether the row was rejected when its file was read. A redrive has judged it again, and the rules accept it now. */
  readonly wasRejected?: boolean;
}

/**
 * Creates the encoder for the rows of one file. The JSON value is
 * `{schema: 1, bucket, key, version, rowNumber, department, departmentDivision, positionTitle, hireDate, salary}`.
 *
 * The part that all rows share is encoded only once, because a file may have millions of rows.
 */
export function createSalaryRecordEncoder(file: FileVersion): (rowNumber: number, row: SalaryRow) => string {
  const head = JSON.stringify({ schema: 1, bucket: file.bucket, key: file.key, version: file.version }).slice(0, -1);
  return (rowNumber, row) =>
    `${head},"rowNumber":${rowNumber},"department":${JSON.stringify(row.department)}` +
    `,"departmentDivision":${JSON.stringify(row.departmentDivision)}` +
    `,"positionTitle":${JSON.stringify(row.positionTitle)},"hireDate":"${row.hireDate}","salary":${row.salary}}`;
}

/**
 * Decodes the value of a record on topic `employee-salaries`.
 *
 * @throws InputError `PIPE_SALARY_RECORD` when a field is missing or unusable, or the value is not a JSON object.
 */
export function decodeSalaryRecord(value: Buffer | null): SalaryRecord {
  const record = parseJsonObject(value, 'PIPE_SALARY_RECORD', 'a salary record');
  if (record['schema'] !== 1) throw fault('schema', '1');
  for (const field of TEXT_FIELDS) {
    const text = record[field];
    // PostgreSQL cannot store U+0000, and with it in the identity the row could not even be counted as refused.
    if (typeof text !== 'string' || text.includes('\u0000')) throw fault(field, 'a text without U+0000');
  }
  if (!isInt32(record['rowNumber'], 1)) throw fault('rowNumber', 'a whole number from 1 to 2147483647');
  if (!isInt32(record['salary'], 0)) throw fault('salary', 'a whole number from 0 to 2147483647');
  if (!ISO_DATE.test(record['hireDate'] as string)) throw fault('hireDate', 'a date as YYYY-MM-DD');
  return record as unknown as SalaryRecord;
}

const TEXT_FIELDS = [
  'bucket',
  'key',
  'version',
  'department',
  'departmentDivision',
  'positionTitle',
  'hireDate',
] as const;
const ISO_DATE = /^\d{4}-\d{2}-\d{2}$/;

function fault(field: string, expectation: string): InputError {
  const message = `expected field ${field} of a salary record to be ${expectation}, got another value`;
  return new InputError('PIPE_SALARY_RECORD', message, { field });
}
