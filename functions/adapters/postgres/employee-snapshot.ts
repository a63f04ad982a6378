import type { CapturedChange } from '../../core/employee-change.ts';
import { PipelineError } from '../../core/errors.ts';
import type { Database } from './database.ts';

/** A longer text of a row is cut, because it could exceed the limit of a Kafka record. Valid ones are far shorter. */
const MAX_TEXT_CHARACTERS = 10_000;

/** The text columns of an employee as fields of a change. The length in bytes is known without reading the text. */
export const TEXT_COLUMNS = [
  ['first_name', 'firstName'],
  ['last_name', 'lastName'],
  ['city', 'city'],
]
  .map(
    ([column, field]) =>
      `case when octet_length(${column}) <= ${MAX_TEXT_CHARACTERS} then ${column} else left(${column}, ${MAX_TEXT_CHARACTERS}) end as "${field}"`,
  )
  .join(', ');

/** The columns in the order of their names, with the types that are read as they are. */
export const USUAL_SHAPE =
  'city character varying, dob date, emp_id integer, first_name character varying, last_name character varying, salary integer';
const COLUMN_COUNT = 6;

export const READ_SHAPE = `
  select relkind::text as kind, count(attname)::integer as "columnCount",
    string_agg(attname || ' ' || format_type(atttypid, null), ', ' order by attname collate "C") as shape
  from pg_class left join pg_attribute on attrelid = pg_class.oid and attnum > 0 and not attisdropped
    and attname in ('emp_id', 'first_name', 'last_name', 'dob', 'city', 'salary')
  where pg_class.oid = to_regclass('public.employees') group by relkind`;

/**
 * The employee in the format of the message, from an image of the row as JSON. A column that the row lacks is absent there,
 * and a value of another type stays as it is, so that the change becomes a dead letter with what the row really holds.
 */
export const employeeOfImage = (image: string) => `
  coalesce((
    select jsonb_object_agg(field, case
      when jsonb_typeof(value) = 'string' then to_jsonb(left(value #>> '{}', ${MAX_TEXT_CHARACTERS}))
      when jsonb_typeof(value) in ('object', 'array') then '{}'
      else value end)
    from jsonb_each(${image}) join (values ('emp_id', 'empId'), ('first_name', 'firstName'),
      ('last_name', 'lastName'), ('dob', 'dob'), ('city', 'city'), ('salary', 'salary')) as names (key, field) using (key)
  ), '{}')::text`;

const USUAL_COLUMNS = `employee.emp_id as "empId", ${TEXT_COLUMNS}, dob::text as dob, salary`;
/** `emp_id` as a floating-point number, because a `bigint` would come as text. */
const UNUSUAL_COLUMNS = `employee.emp_id::double precision as "empId", null as "firstName", null as "lastName", null as dob,
  null as city, null::integer as salary, ${employeeOfImage('to_jsonb(employee)')} as image`;

/**
 * One statement reads an employee and its newest change, so the image reflects exactly the changes up to that one. The id
 * of a change that is visible in $1 counts as 0.
 */
const readChunk = (columns: string, table: string, range: string, size: number) => `
  select coalesce(newest.cdc_id, 0) as "changeId", ${columns}, 'SNAPSHOT' as action,
    statement_timestamp()::text as "changedAt"
  from (select * from ${table} ${range} order by emp_id limit ${size}) as employee
  left join lateral (
    select case when pg_visible_in_snapshot(txid, $1::pg_snapshot) then 0 else cdc_id end as cdc_id
    from emp_cdc where emp_cdc.emp_id = employee.emp_id order by emp_cdc.cdc_id desc limit 1
  ) as newest on true
  order by employee.emp_id`;

/** As `ChangeSource.readSnapshotChunk`. */
export async function readSnapshotChunk(
  database: Database,
  afterEmpId: number | null,
  withoutIdsOf: string | null,
  size: number,
): Promise<readonly CapturedChange[]> {
  const { kind, shape } = await readShape(database);
  const columns = shape === USUAL_SHAPE ? USUAL_COLUMNS : UNUSUAL_COLUMNS;
  // A table that inherits from employees has keys and triggers of its own, so its rows are not employees.
  const table = kind === 'p' ? 'employees' : 'only employees';
  const [range, values] = afterEmpId === null ? ['', []] : ['where emp_id > $2', [afterEmpId]];
  const query = readChunk(columns, table, range, size);
  return (await database.query<CapturedChange & Record<string, unknown>>(query, [withoutIdsOf, ...values])).rows;
}

async function readShape(database: Database): Promise<{ readonly kind: string; readonly shape: string | null }> {
  const { rows } = await database.query<{ kind: string; columnCount: number; shape: string | null }>(
    READ_SHAPE,
    [],
    'read-shape',
  );
  const [found] = rows;
  if (found?.columnCount === COLUMN_COUNT) return found;
  throw new PipelineError(
    'PIPE_CAPTURE_BROKEN',
    `expected table public.employees with the columns ${USUAL_SHAPE}, found ${found?.shape ?? 'none'}; ` +
      'create or rename what is missing, and the snapshot continues',
    { retry: 'timed' },
  );
}
