import { join } from 'node:path';
import { Database } from '../../functions/adapters/postgres/database.ts';
import { PostgresSchemaMigrator } from '../../functions/adapters/postgres/postgres-schema-migrator.ts';
import type { FileArrival, RowCounts } from '../../functions/core/ingestion.ts';
import type { ReceivedSalary, SalaryRecord } from '../../functions/core/salary-record.ts';
import { readMigrations } from '../../functions/provision/migration-files.ts';
import { createDatabase } from './servers.ts';

export const SQL = join(__dirname, '../../sql');

/** A new target database with all its tables. */
export async function createSalaryDatabase(maxConnections = 8): Promise<{ database: Database; url: string }> {
  const url = await createDatabase('target');
  const database = await Database.open({ url, applicationName: 'test', maxConnections });
  await new PostgresSchemaMigrator(database).migrate(await readMigrations(join(SQL, 'target')));
  return { database, url };
}

export function arrivalOf(key: string, version: string, more: Partial<FileArrival> = {}): FileArrival {
  const sequencer = /^\d+$/.test(version) ? version.padStart(4, '0') : null;
  return { bucket: 'b', key, version, versionId: null, sequencer, eTag: `etag-${version}`, sizeBytes: 100, ...more };
}

export function salaryOf(
  file: { readonly key: string; readonly version: string },
  rowNumber: number,
  more: Partial<SalaryRecord> = {},
): ReceivedSalary {
  const salary: SalaryRecord = {
    bucket: 'b',
    key: file.key,
    version: file.version,
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

export function countsOf(sent: number): RowCounts {
  return { read: sent, filteredOut: 0, rejected: 0, sent };
}

/** Totals by department, with what they should be, read in one snapshot. */
export async function readTotals(database: Database) {
  const { rows } = await database.query<{ department: string; stored: string | null; summed: string | null }>(
    `select department, total.total_salary as stored, summed.total as summed
     from department_employee_salary as total
     full join (select department, sum(salary) as total, count(*) as count from department_employee group by department)
       as summed using (department)
     order by department`,
  );
  return rows;
}

/** Departments whose total is not the sum of its rows; must be empty at any moment. */
export async function wrongTotals(database: Database): Promise<readonly object[]> {
  const { rows } = await database.query(
    `select department, total.total_salary, total.employee_count, summed.total, summed.count
     from department_employee_salary as total
     full join (select department, sum(salary) as total, count(*) as count from department_employee group by department)
       as summed using (department)
     where (total.total_salary, total.employee_count) is distinct from (summed.total, summed.count)`,
  );
  return rows;
}

export async function totalsOf(database: Database): Promise<Record<string, number>> {
  return Object.fromEntries((await readTotals(database)).map(({ department, stored }) => [department, Number(stored)]));
}

export async function fileOf(database: Database, key: string, version: string) {
  const { rows } = await database.query<{
    state: string;
    read: number;
    sent: number;
    loaded: number;
    refused: number;
    finished: boolean;
  }>(
    `select state, read, sent, loaded, refused, finished_at is not null as finished
     from ingested_file where key = $1 and version = $2`,
    [key, version],
  );
  return rows[0];
}
