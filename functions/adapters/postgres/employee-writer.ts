import type { PoolClient } from 'pg';
import type { Employee } from '../../core/employee-change.ts';
import { plainArray, textArray } from './array-literal.ts';
import { SuppressedWriteError } from './suppressed-write-error.ts';
import type { WriteMethod } from './write-method.ts';

const COLUMNS = 'emp_id, first_name, last_name, dob, city, salary';
const VALUES = 'unnest($1::integer[], $2::text[], $3::text[], $4::date[], $5::text[], $6::integer[])';

/** `overriding system value`, because the target's `emp_id` may be an identity column. */
const UPSERT = `
  insert into employees (${COLUMNS}) overriding system value
  select * from ${VALUES}
  on conflict (emp_id) do update
    set first_name = excluded.first_name, last_name = excluded.last_name, dob = excluded.dob, city = excluded.city,
      salary = excluded.salary`;

const UPDATE = `
  update employees as stored
  set first_name = change.first_name, last_name = change.last_name, dob = change.dob, city = change.city,
    salary = change.salary
  from ${VALUES} as change (${COLUMNS}) where stored.emp_id = change.emp_id`;

/** No other transaction inserts these employees in between, because their versions are locked. */
const INSERT_MISSING = `
  insert into employees (${COLUMNS}) overriding system value
  select * from ${VALUES} as change (${COLUMNS})
  where not exists (select from employees as stored where stored.emp_id = change.emp_id)`;

/** Without a key the target may have an employee twice, e.g. when it was copied from two backups. */
const DELETE_COPIES = `
  delete from employees as stored using employees as other
  where stored.emp_id = any ($1::integer[]) and other.emp_id = stored.emp_id
    and (stored.tableoid, stored.ctid) < (other.tableoid, other.ctid)`;

const IS_MISSING = `
  select exists (
    select from ${VALUES} as change (${COLUMNS}) where not exists (
      select from employees as stored
      where stored.emp_id = change.emp_id and (stored.first_name, stored.last_name, stored.dob, stored.city, stored.salary)
        is not distinct from (change.first_name, change.last_name, change.dob, change.city, change.salary))
  ) as "isSuppressed"`;

/** Deletes, and says how many are left over, in one statement. */
const DELETE = `
  with present as (select from employees where emp_id = any ($1::integer[])),
    gone as (delete from employees where emp_id = any ($1::integer[]) returning emp_id)
  select (select count(*) from present) > (select count(*) from gone) as "isSuppressed"`;

const IS_PRESENT = 'select exists (select from employees where emp_id = any ($1::integer[])) as "isSuppressed"';

/**
 * Inserts employees, or updates those that the target has.
 *
 * @throws a permanent error when a trigger, a rule or a policy of the target suppresses a write.
 */
export async function writeEmployees(
  client: PoolClient,
  method: WriteMethod,
  employees: readonly Employee[],
): Promise<void> {
  if (employees.length === 0) return;
  const values = [
    plainArray(employees.map(({ empId }) => empId)),
    textArray(employees.map(({ firstName }) => firstName)),
    textArray(employees.map(({ lastName }) => lastName)),
    plainArray(employees.map(({ dob }) => dob)),
    textArray(employees.map(({ city }) => city)),
    plainArray(employees.map(({ salary }) => salary)),
  ];
  const written =
    method === 'upsert'
      ? (await client.query({ name: 'write-employees', text: UPSERT, values })).rowCount
      : await updateThenInsert(client, values);
  if (written === employees.length) return;
  await failIfSuppressed(client, IS_MISSING, values);
}

export async function deleteEmployees(
  client: PoolClient,
  method: WriteMethod,
  empIds: readonly number[],
): Promise<void> {
  if (empIds.length === 0) return;
  const values = [plainArray(empIds)];
  if (method === 'upsert') {
    await failIfSuppressed(client, { name: 'delete-employees', text: DELETE }, values);
    return;
  }
  await client.query('delete from employees where emp_id = any ($1::integer[])', values);
  await failIfSuppressed(client, IS_PRESENT, values);
}

async function updateThenInsert(client: PoolClient, values: readonly string[]): Promise<number> {
  const updated = await client.query(UPDATE, [...values]);
  const inserted = await client.query(INSERT_MISSING, [...values]);
  const written = (updated.rowCount ?? 0) + (inserted.rowCount ?? 0);
  const copies = await client.query(
    'select from employees where emp_id = any ($1::integer[]) group by emp_id having count(*) > 1 limit 1',
    [values[0]],
  );
  if (copies.rowCount === 0) return written;
  const deleted = await client.query(DELETE_COPIES, [values[0]]);
  return written - (deleted.rowCount ?? 0);
}

async function failIfSuppressed(
  client: PoolClient,
  statement: string | { readonly name: string; readonly text: string },
  values: readonly string[],
): Promise<void> {
  const query = typeof statement === 'string' ? { text: statement } : statement;
  const { rows } = await client.query<{ isSuppressed: boolean }>({ ...query, values: [...values] });
  if (rows[0]?.isSuppressed !== true) return;
  throw new SuppressedWriteError('employees');
}
