import type { PoolClient } from 'pg';
import { classifyError } from '../../core/classify-error.ts';
import { databaseFaultOf } from '../../core/database-fault.ts';
import type { Employee } from '../../core/employee-change.ts';
import { deleteEmployees, writeEmployees } from './employee-writer.ts';
import { SuppressedWriteError } from './suppressed-write-error.ts';
import type { WriteMethod } from './write-method.ts';

/** Violation of a foreign key, also of one with `on delete restrict`. */
const FOREIGN_KEY = new Set(['23503', '23001']);

/** Rows that are tried. Larger: a constraint that half of the table violates is recognised with more certainty. */
const SAMPLE_ROWS = 20;

/**
 * Rows of the target that no other transaction has locked, the newest first. Waiting for a lock could be a deadlock, because
 * batches lock employees in ascending order.
 */
const FIND_SAMPLE = `
  select emp_id as "empId", first_name as "firstName", last_name as "lastName", dob::text as dob, city, salary
  from employees where emp_id <> all ($1::integer[]) order by emp_id desc limit ${SAMPLE_ROWS} for update skip locked`;

const FIND_REFERENCE = `
  select confrelid::regclass::text as target, (
      select string_agg(format('referred.%I = stored.%I', theirs.attname, ours.attname), ' and ')
      from unnest(conkey, confkey) as pair (ours, theirs)
      join pg_attribute as ours on ours.attrelid = conrelid and ours.attnum = pair.ours
      join pg_attribute as theirs on theirs.attrelid = confrelid and theirs.attnum = pair.theirs
    ) as condition
  from pg_constraint where conrelid = 'employees'::regclass and contype = 'f' and conname = $1`;

export interface Probe {
  readonly client: PoolClient;
  readonly method: WriteMethod;
  /** Undoes what the work did, whether it succeeds or not. */
  undo(work: () => Promise<void>): Promise<void>;
}

/** Whether one of the employees that the target holds can be written again, with its own values. Changes nothing. */
export async function canRewriteEmployee({ client, method, undo }: Probe, error: unknown): Promise<boolean> {
  const { sqlState, constraint, table } = databaseFaultOf(error);
  if (sqlState === '23503' && constraint !== undefined && table === 'employees') {
    return fulfilsReference(client, constraint);
  }
  const sample = await client.query<Employee>(FIND_SAMPLE, ['{}']);
  const isSuppressed = error instanceof SuppressedWriteError;
  return acceptsOne(sample.rows, (employee) =>
    undo(async () => {
      // While the row is there with the same values, a write that is suppressed leaves no trace.
      if (isSuppressed) await deleteEmployees(client, 'update-then-insert', [employee.empId]);
      await writeEmployees(client, method, [employee]);
    }),
  );
}

/**
 * Whether another employee that the target holds can be deleted. Changes nothing. A foreign key of another table refuses the
 * deletion of the rows that it refers to, even when it refers to all of them.
 */
export async function canDeleteEmployee(
  { client, undo }: Probe,
  exceptIds: readonly string[],
  error: unknown,
): Promise<boolean> {
  if (FOREIGN_KEY.has(databaseFaultOf(error).sqlState ?? '')) return true;
  const sample = await client.query<Employee>(FIND_SAMPLE, [exceptIds]);
  return acceptsOne(sample.rows, ({ empId }) => undo(() => deleteEmployees(client, 'update-then-insert', [empId])));
}

/** PostgreSQL does not check a foreign key again when a row is written with the values that it has. */
async function fulfilsReference(client: PoolClient, constraint: string): Promise<boolean> {
  const [reference] = (await client.query<{ target: string; condition: string }>(FIND_REFERENCE, [constraint])).rows;
  if (reference === undefined) return false;
  const { rows } = await client.query<{ isFulfilled: boolean }>(
    `select exists (
       select from (select * from employees order by emp_id desc limit ${SAMPLE_ROWS}) as stored
       where exists (select from ${reference.target} as referred where ${reference.condition})) as "isFulfilled"`,
  );
  return rows[0]?.isFulfilled === true;
}

async function acceptsOne<Row>(rows: readonly Row[], attempt: (row: Row) => Promise<void>): Promise<boolean> {
  for (const row of rows) {
    try {
      await attempt(row);
      return true;
    } catch (error) {
      if (classifyError(error) !== 'permanent') throw error;
    }
  }
  return false;
}
