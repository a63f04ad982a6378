import type { PoolClient } from 'pg';
import type { WriteMethod } from './write-method.ts';

/** What a batch adds to the totals of one department; negative to subtract. Decimal text, as sums may exceed 2^53. */
export interface TotalChange {
  readonly department: string;
  readonly total: string;
  readonly count: string;
}

const UPSERT = `
  insert into department_employee_salary as stored (department, total_salary, employee_count)
  select department, total, count
  from unnest($1::text[], $2::bigint[], $3::bigint[]) as change (department, total, count)
  order by department collate "C"
  on conflict (department) do update set
    total_salary = stored.total_salary + excluded.total_salary,
    employee_count = stored.employee_count + excluded.employee_count`;

const UPDATE = `
  update department_employee_salary as stored
  set total_salary = stored.total_salary + change.total, employee_count = stored.employee_count + change.count
  from unnest($1::text[], $2::bigint[], $3::bigint[]) as change (department, total, count)
  where stored.department = change.department`;

const INSERT_MISSING = `
  insert into department_employee_salary (department, total_salary, employee_count)
  select department, total, count
  from unnest($1::text[], $2::bigint[], $3::bigint[]) as change (department, total, count)
  where not exists (select from department_employee_salary as stored where stored.department = change.department)`;

/**
 * Adds to the totals, in the transaction that changed the rows.
 *
 * Departments are locked in the same order everywhere, so that batches do not deadlock here. Call it last in the
 * transaction, because all batches share the rows of the totals.
 */
export async function addToTotals(
  client: PoolClient,
  method: WriteMethod,
  changes: readonly TotalChange[],
): Promise<void> {
  if (changes.length === 0) return;
  const values = [changes.map((c) => c.department), changes.map((c) => c.total), changes.map((c) => c.count)];
  if (method === 'upsert') {
    await client.query(UPSERT, values);
  } else {
    // Without a usable key only a lock of the table keeps two batches from inserting the same department.
    await client.query('lock table department_employee_salary in share row exclusive mode');
    await client.query(UPDATE, values);
    await client.query(INSERT_MISSING, values);
  }
  if (changes.some((c) => c.count.startsWith('-'))) {
    await client.query('delete from department_employee_salary where department = any($1) and employee_count = 0', [
      changes.map((c) => c.department),
    ]);
  }
}
