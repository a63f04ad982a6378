import type { PoolClient } from 'pg';
import type { FileVersion, ReceivedSalary, SalaryRecord } from '../../core/salary-record.ts';
import type { LoadOutcome, SalaryTables } from '../../ports/salary-tables.ts';
import { plainArray, textArray } from './array-literal.ts';
import type { Database } from './database.ts';
import { completeFiles } from './postgres-ingestion-ledger.ts';
import { addToTotals } from './salary-totals.ts';

/** What the ledger says about one file that a batch has rows of. */
interface FileStatus {
  readonly fileId: string;
  /** Whether the file is the current version of its key; only then do its rows count. */
  readonly isCurrent: boolean;
}

export class PostgresSalaryTables implements SalaryTables {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async load(batch: readonly ReceivedSalary[]): Promise<LoadOutcome> {
    return this.#database.transaction(async (client) => {
      const statusOf = await lockFiles(client, batch);
      const unregistered: ReceivedSalary[] = [];
      const current: { readonly fileId: string; readonly salary: SalaryRecord }[] = [];
      for (const item of batch) {
        const status = statusOf(item.salary);
        if (status === undefined) unregistered.push(item);
        else if (status.isCurrent) current.push({ fileId: status.fileId, salary: item.salary });
      }
      const loaded = current.length === 0 ? 0 : await insertRows(client, current);
      return { loaded, skipped: batch.length - unregistered.length - loaded, unregistered };
    });
  }

  async recordRefused(batch: readonly ReceivedSalary[]): Promise<void> {
    await this.#database.transaction(async (client) => {
      const statusOf = await lockFiles(client, batch);
      const refused = batch.flatMap(({ salary }) => {
        const status = statusOf(salary);
        return status?.isCurrent ? [{ fileId: status.fileId, rowNumber: salary.rowNumber }] : [];
      });
      const { rows } = await client.query<{ file_id: string }>(
        `with counted as (
           insert into refused_row (file_id, row_number)
           select * from unnest($1::bigint[], $2::integer[]) as refused (file_id, row_number)
           where not exists (
             select from department_employee as employee
             where employee.file_id = refused.file_id and employee.row_number = refused.row_number)
           on conflict do nothing returning file_id)
         update ingested_file set refused = refused + newly.count, heartbeat_at = clock_timestamp()
         from (select file_id, count(*) from counted group by file_id) as newly
         where ingested_file.file_id = newly.file_id
         returning newly.file_id`,
        [refused.map(({ fileId }) => fileId), refused.map(({ rowNumber }) => rowNumber)],
      );
      await completeFiles(
        client,
        rows.map(({ file_id }) => file_id),
      );
    });
  }
}

/**
 * Locks the keys of a batch, so that no version takes over meanwhile, and looks its files up.
 *
 * The lock is a statement of its own, because the next statement then has a snapshot from after the wait.
 */
async function lockFiles(
  client: PoolClient,
  batch: readonly ReceivedSalary[],
): Promise<(file: FileVersion) => FileStatus | undefined> {
  const files = distinctFiles(batch);
  const identity = [files.map((f) => f.bucket), files.map((f) => f.key), files.map((f) => f.version)];
  await client.query({
    name: 'lock-keys',
    text: `select from ingested_key
           where (bucket, key) in (select * from unnest($1::text[], $2::text[]))
           order by bucket collate "C", key collate "C" for share`,
    values: identity.slice(0, 2),
  });
  const { rows } = await client.query<{
    bucket: string;
    key: string;
    version: string;
    file_id: string;
    is_current: boolean;
  }>({
    name: 'find-files',
    text: `select bucket, key, version, file_id, coalesce(current_file_id = file_id, false) as is_current
           from unnest($1::text[], $2::text[], $3::text[]) as wanted (bucket, key, version)
           join ingested_file using (bucket, key, version) join ingested_key using (bucket, key)`,
    values: identity,
  });
  const statuses = new Map(rows.map((row) => [identify(row), { fileId: row.file_id, isCurrent: row.is_current }]));
  let previous: FileVersion | undefined;
  let status: FileStatus | undefined;
  return (file) => {
    if (previous === undefined || !isSameFile(previous, file)) status = statuses.get(identify(file));
    previous = file;
    return status;
  };
}

/** Consecutive rows mostly belong to the same file, and comparing with the previous row is cheaper than a look-up. */
function distinctFiles(batch: readonly ReceivedSalary[]): FileVersion[] {
  const files = new Map<string, FileVersion>();
  let previous: FileVersion | undefined;
  for (const { salary } of batch) {
    if (previous === undefined || !isSameFile(previous, salary)) files.set(identify(salary), salary);
    previous = salary;
  }
  return [...files.values()];
}

function isSameFile(a: FileVersion, b: FileVersion): boolean {
  return a.version === b.version && a.key === b.key && a.bucket === b.bucket;
}

/** Inserts the rows that are not there yet, adds exactly those to totals and counts, and returns their number. */
async function insertRows(
  client: PoolClient,
  rows: readonly { readonly fileId: string; readonly salary: SalaryRecord }[],
): Promise<number> {
  const inserted = await client.query<{ file_id: string; department: string; total: string; count: string }>({
    name: 'insert-rows',
    text: `with inserted as (
             insert into department_employee
               (department, department_division, position_title, hire_date, salary, file_id, row_number)
             select * from unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::integer[], $6::bigint[], $7::integer[])
             on conflict do nothing
             returning file_id, department, salary)
           select file_id, department, sum(salary)::text as total, count(*)::text as count
           from inserted group by file_id, department order by file_id`,
    values: [
      textArray(rows.map(({ salary }) => salary.department)),
      textArray(rows.map(({ salary }) => salary.departmentDivision)),
      textArray(rows.map(({ salary }) => salary.positionTitle)),
      plainArray(rows.map(({ salary }) => salary.hireDate)),
      plainArray(rows.map(({ salary }) => salary.salary)),
      plainArray(rows.map(({ fileId }) => fileId)),
      plainArray(rows.map(({ salary }) => salary.rowNumber)),
    ],
  });
  const countByFile = sumBy(inserted.rows, 'file_id', 'count');
  if (countByFile.size === 0) return 0;
  const fileIds = [...countByFile.keys()];
  await client.query({
    name: 'count-loaded',
    text: `update ingested_file set loaded = loaded + counted.count, heartbeat_at = clock_timestamp()
           from unnest($1::bigint[], $2::bigint[]) as counted (file_id, count)
           where ingested_file.file_id = counted.file_id`,
    values: [fileIds, [...countByFile.values()].map(String)],
  });
  await completeFiles(client, fileIds);
  const totalByDepartment = sumBy(inserted.rows, 'department', 'total');
  const countByDepartment = sumBy(inserted.rows, 'department', 'count');
  await addToTotals(
    client,
    [...totalByDepartment].map(([department, total]) => ({
      department,
      total: String(total),
      count: String(countByDepartment.get(department)),
    })),
  );
  return Number([...countByFile.values()].reduce((sum, count) => sum + count, 0n));
}

function sumBy<Row>(rows: readonly Row[], by: keyof Row & string, amount: keyof Row & string): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const row of rows) {
    const group = String(row[by]);
    sums.set(group, (sums.get(group) ?? 0n) + BigInt(String(row[amount])));
  }
  return sums;
}

function identify(file: FileVersion): string {
  return JSON.stringify([file.bucket, file.key, file.version]);
}
