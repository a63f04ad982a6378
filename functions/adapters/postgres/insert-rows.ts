import type { PoolClient } from 'pg';
import type { SalaryRecord } from '../../core/salary-record.ts';
import { plainArray, textArray } from './array-literal.ts';
import { addToTotals } from './salary-totals.ts';

/** Whether these rows are the last ones of a file whose end is recorded. */
const IS_COMPLETED = `state = 'loading' and end_recorded and loaded + counted.count + refused = sent`;

/**
 * Inserts the rows that are not there yet, and adds exactly those to the counts of their files and to the totals.
 *
 * @returns the number of rows inserted.
 */
export async function insertRows(
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
  await client.query({
    name: 'count-loaded',
    text: `update ingested_file as file set loaded = loaded + counted.count, heartbeat_at = clock_timestamp(),
             state = case when ${IS_COMPLETED} then 'complete' else state end,
             finished_at = case when ${IS_COMPLETED} then clock_timestamp() else finished_at end
           from unnest($1::bigint[], $2::bigint[]) as counted (file_id, count)
           where file.file_id = counted.file_id`,
    values: [[...countByFile.keys()], [...countByFile.values()].map(String)],
  });
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
