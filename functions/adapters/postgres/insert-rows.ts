import type { PoolClient } from 'pg';
import { plainArray, textArray } from './array-literal.ts';
import { type CurrentRow, countAsSent } from './readmitted-rows.ts';
import { addToTotals } from './salary-totals.ts';
import { SuppressedWriteError } from './suppressed-write-error.ts';
import type { WriteMethod } from './write-method.ts';

const ROWS = `
  unnest($1::text[], $2::text[], $3::text[], $4::date[], $5::integer[], $6::bigint[], $7::integer[])
    as change (department, department_division, position_title, hire_date, salary, file_id, row_number)`;
const COLUMNS = 'department, department_division, position_title, hire_date, salary, file_id, row_number';

/** The key is named, because a row that another constraint refuses must not be skipped in silence. */
const INSERT_NEW = `
  insert into department_employee (${COLUMNS}) select ${COLUMNS} from ${ROWS}
  on conflict (file_id, row_number) do nothing`;

/** For a table without a usable key. Only the lock of the table keeps two attempts from inserting the same row. */
const INSERT_MISSING = `
  insert into department_employee (${COLUMNS})
  select distinct on (file_id, row_number) ${COLUMNS} from ${ROWS}
  where not exists (
    select from department_employee as stored
    where stored.file_id = change.file_id and stored.row_number = change.row_number)`;

const IS_MISSING = `
  select exists (
    select from ${ROWS} where not exists (
      select from department_employee as stored
      where stored.file_id = change.file_id and stored.row_number = change.row_number)
  ) as "isSuppressed"`;

const insertAndSum = (insert: string) => `
  with inserted as (${insert} returning file_id, department, salary)
  select file_id, department, sum(salary)::text as total, count(*)::text as count
  from inserted group by file_id, department order by file_id`;

/** Counts rows as loaded. It completes a file whose end is recorded when these rows are its last ones. */
const countLoaded = (changes: string, sent: string) => {
  const isCompleted = `state = 'loading' and end_recorded and loaded + counted.count + refused = ${sent}`;
  return `update ingested_file as file set loaded = loaded + counted.count, heartbeat_at = clock_timestamp(), ${changes}
             state = case when ${isCompleted} then 'complete' else state end,
             finished_at = case when ${isCompleted} then clock_timestamp() else finished_at end
           from unnest($1::bigint[], $2::bigint[]) as counted (file_id, count)
           where file.file_id = counted.file_id`;
};

/** Rows that were counted as sent when their file was read, and rows that were rejected then. */
const COUNT_LOADED = {
  sent: { name: 'count-loaded', text: countLoaded('', 'sent') },
  rejected: {
    name: 'count-loaded-rejected',
    text: countLoaded(`${countAsSent('counted.count')},`, 'sent + counted.count'),
  },
};

/**
 * Inserts the rows that are not there yet, and adds exactly those to the counts of their files and to the totals.
 *
 * @param countedAs what the rows were counted as when their file was read.
 * @returns the number of rows inserted.
 */
export async function insertRows(
  client: PoolClient,
  method: WriteMethod,
  rows: readonly CurrentRow[],
  countedAs: keyof typeof COUNT_LOADED = 'sent',
): Promise<number> {
  if (rows.length === 0) return 0;
  if (method !== 'upsert') await client.query('lock table department_employee in share row exclusive mode');
  const values = [
    textArray(rows.map(({ salary }) => salary.department)),
    textArray(rows.map(({ salary }) => salary.departmentDivision)),
    textArray(rows.map(({ salary }) => salary.positionTitle)),
    plainArray(rows.map(({ salary }) => salary.hireDate)),
    plainArray(rows.map(({ salary }) => salary.salary)),
    plainArray(rows.map(({ fileId }) => fileId)),
    plainArray(rows.map(({ salary }) => salary.rowNumber)),
  ];
  const inserted = await client.query<{ file_id: string; department: string; total: string; count: string }>({
    ...(method === 'upsert'
      ? { name: 'insert-rows', text: insertAndSum(INSERT_NEW) }
      : { text: insertAndSum(INSERT_MISSING) }),
    values,
  });
  const insertedCount = inserted.rows.reduce((sum, { count }) => sum + Number(count), 0);
  if (insertedCount < rows.length) await failIfRowsSuppressed(client, values);
  const countByFile = sumBy(inserted.rows, 'file_id', 'count');
  if (countByFile.size === 0) return 0;
  await client.query({
    ...COUNT_LOADED[countedAs],
    values: [[...countByFile.keys()], [...countByFile.values()].map(String)],
  });
  const totalByDepartment = sumBy(inserted.rows, 'department', 'total');
  const countByDepartment = sumBy(inserted.rows, 'department', 'count');
  await addToTotals(
    client,
    method,
    [...totalByDepartment].map(([department, total]) => ({
      department,
      total: String(total),
      count: String(countByDepartment.get(department)),
    })),
  );
  return Number([...countByFile.values()].reduce((sum, count) => sum + count, 0n));
}

/** Rows that were there before are not inserted again. Any other row must be there now. */
async function failIfRowsSuppressed(client: PoolClient, values: readonly string[]): Promise<void> {
  const { rows } = await client.query<{ isSuppressed: boolean }>(IS_MISSING, [...values]);
  if (rows[0]?.isSuppressed === true) throw new SuppressedWriteError('department_employee');
}

function sumBy<Row>(rows: readonly Row[], by: keyof Row & string, amount: keyof Row & string): Map<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const row of rows) {
    const group = String(row[by]);
    sums.set(group, (sums.get(group) ?? 0n) + BigInt(String(row[amount])));
  }
  return sums;
}
