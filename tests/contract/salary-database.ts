import type { FileArrival, FileState, RowCounts } from '../../functions/core/ingestion.ts';
import type { FileVersion, ReceivedSalary, SalaryRecord } from '../../functions/core/salary-record.ts';
import type { IngestionLedger } from '../../functions/ports/ingestion-ledger.ts';
import type { SalaryTables } from '../../functions/ports/salary-tables.ts';
import type { UnfinishedFiles } from '../../functions/ports/unfinished-files.ts';

/** What the accounting says about one version. */
export interface FileAccount {
  readonly state: FileState;
  readonly read: number;
  readonly filteredOut: number;
  readonly rejected: number;
  readonly sent: number;
  readonly loaded: number;
  readonly refused: number;
}

/** An empty salary database behind the three ports that use it. */
export interface SalaryDatabaseUnderTest {
  readonly ledger: IngestionLedger;
  readonly tables: SalaryTables;
  unfinishedFiles(bucket: string): UnfinishedFiles;
  totals(): Promise<Record<string, number>>;
  account(file: FileVersion): Promise<FileAccount | undefined>;
  countFiles(): Promise<number>;
  /** Makes the start and the last heartbeat of a file older. */
  age(file: FileVersion, byMs: number): Promise<void>;
}

export const BUCKET = 'salaries';

/** One version of an object, as its event describes it. A version of digits is also its sequencer. */
export function arrivalOf(key: string, version: string, more: Partial<FileArrival> = {}): FileArrival {
  const sequencer = /^\d+$/.test(version) ? version.padStart(4, '0') : null;
  return { bucket: BUCKET, key, version, versionId: null, sequencer, eTag: `etag-${version}`, sizeBytes: 100, ...more };
}

/** Row `rowNumber` of a file, with salary 1000 + rowNumber in department EMS, and the Kafka record that carries it. */
export function salaryOf(
  { bucket, key, version }: FileVersion,
  rowNumber: number,
  more: Partial<SalaryRecord> = {},
): ReceivedSalary {
  const salary: SalaryRecord = {
    bucket,
    key,
    version,
    rowNumber,
    department: 'EMS',
    departmentDivision: 'Field',
    positionTitle: 'Medic',
    hireDate: '2012-05-01',
    salary: 1_000 + rowNumber,
    ...more,
  };
  const place = { topic: 'employee-salaries', partition: 0, offset: String(rowNumber), timestampMs: 0 };
  return { salary, record: { ...place, key: null, value: null } };
}

export function rowsOf(file: FileVersion, first: number, last: number): ReceivedSalary[] {
  return Array.from({ length: last - first + 1 }, (_, index) => salaryOf(file, first + index));
}

export function countsOf(sent: number): RowCounts {
  return { read: sent, filteredOut: 0, rejected: 0, sent };
}

export const mustNotBeCalled = async (): Promise<boolean> => {
  throw new Error('expected the sequencers to decide, but the bucket was asked');
};

/** Registers a version and makes it the current one. */
export async function begin({ ledger }: SalaryDatabaseUnderTest, file: FileArrival): Promise<FileState[]> {
  return [await ledger.register(file, mustNotBeCalled), await ledger.takeOver(file, mustNotBeCalled)];
}

/** Ingests a version from its event to the last row in the tables. */
export async function ingest(
  subject: SalaryDatabaseUnderTest,
  file: FileArrival,
  rowCount: number,
): Promise<FileState> {
  expect(await begin(subject, file)).toEqual(['loading', 'loading']);
  await subject.tables.load(rowsOf(file, 1, rowCount));
  return subject.ledger.finish(file, countsOf(rowCount));
}
