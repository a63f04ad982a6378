import { InputError } from './errors.ts';
import { isInt32 } from './int32.ts';
import { parseJsonObject } from './json-object.ts';
import type { KafkaRecord } from './kafka-record.ts';

/** One version of one object: what an employee's row belongs to. */
export interface FileVersion {
  readonly bucket: string;
  readonly key: string;
  /** S3's version id, or the event's sequencer where the bucket keeps no versions. */
  readonly version: string;
}

/** A salary row that passed every rule, as the tables hold it. */
export interface SalaryRow {
  readonly department: string;
  readonly departmentDivision: string;
  readonly positionTitle: string;
  /** `YYYY-MM-DD`. */
  readonly hireDate: string;
  /** Whole units, rounded down, 0 to 2147483647. */
  readonly salary: number;
}

/** One record on topic `employee-salaries`. (bucket, key, version, rowNumber) is its identity. */
export interface SalaryRecord extends FileVersion, SalaryRow {
  /** Position of the row in its file, from 1, the header and blank lines not counted. */
  readonly rowNumber: number;
}

/** A salary record together with the Kafka record that carried it. */
export interface ReceivedSalary {
  readonly salary: SalaryRecord;
  readonly record: KafkaRecord;
}

/**
 * Makes the encoder of one file's rows. The JSON value is
 * `{schema: 1, bucket, key, version, rowNumber, department, departmentDivision, positionTitle, hireDate, salary}`.
 *
 * The part that all rows share is encoded once: a file has millions of rows.
 */
export function salaryRecordEncoder(file: FileVersion): (rowNumber: number, row: SalaryRow) => string {
  const head = JSON.stringify({ schema: 1, bucket: file.bucket, key: file.key, version: file.version }).slice(0, -1);
  return (rowNumber, row) =>
    `${head},"rowNumber":${rowNumber},"department":${JSON.stringify(row.department)}` +
    `,"departmentDivision":${JSON.stringify(row.departmentDivision)}` +
    `,"positionTitle":${JSON.stringify(row.positionTitle)},"hireDate":"${row.hireDate}","salary":${row.salary}}`;
}

/**
 * Reads the value of a record on topic `employee-salaries`.
 *
 * @throws InputError `PIPE_SALARY_RECORD` when it is no such record.
 */
export function decodeSalaryRecord(value: Buffer | null): SalaryRecord {
  const record = parseJsonObject(value, 'PIPE_SALARY_RECORD', 'a salary record');
  if (record['schema'] !== 1) throw fault('schema', '1');
  for (const field of TEXT_FIELDS) {
    const text = record[field];
    // PostgreSQL has no U+0000 in texts; in the identity it could not even be counted as refused.
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
  return new InputError('PIPE_SALARY_RECORD', `field ${field} of a salary record must be ${expectation}`, { field });
}
