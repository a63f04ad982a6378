import type { PoolClient } from 'pg';
import type { RefusedItem } from '../../core/bisect.ts';
import type { Version } from '../../core/change-version.ts';
import { classifyError } from '../../core/classify-error.ts';
import { isolateRefused } from '../../core/refused-rows.ts';
import { deleteEmployees } from './employee-writer.ts';

/** A step must end long before an invocation does, because it makes the batches of other partitions wait. */
export const STEP_TIMEOUT_MS = 20_000;

export interface SweepRange {
  /** Steps up to this `emp_id` are done. */
  readonly sweptUntil: string;
  readonly watermark: Version;
  /** Rows of one step, those of deleted employees' versions included. */
  readonly maxRows: number;
}

/** What one step of a sweep did. */
export interface SweepStep {
  /** The last `emp_id` of the step; `null` when the sweep is complete. */
  readonly sweptUntil: string | null;
  /** Employees that the database refuses to delete. */
  readonly refused: readonly RefusedItem<number>[];
}

export interface SweepTransaction {
  readonly client: PoolClient;
  withSavepoint<Result>(work: () => Promise<Result>): Promise<Result>;
  /** @throws when the schema is at fault for refused deletions. */
  judge(refused: readonly RefusedItem<number>[], deletedCount: number): Promise<void>;
}

export const BEFORE_FIRST_EMPLOYEE = '-9223372036854775808';

/** The last emp_id of the next step, which has at most $2 rows of both tables; `null` when it is the last step. */
const FIND_END_OF_STEP = `
  select case when count(*) = $2 then max(emp_id) end as "sweptUntil" from (
    select emp_id from (
      select emp_id from employees where emp_id > $1::bigint
      union all select emp_id from employee_version where emp_id > $1::bigint
    ) as remaining order by emp_id limit $2
  ) as step`;

/**
 * An employee without a version was inserted before the first snapshot, and counts as older than every change. The range is
 * repeated for the versions, so that no plan reads all of them for each step.
 */
const IS_SWEPT = `
  emp_id > $1::bigint and ($2::bigint is null or emp_id <= $2) and not exists (
    select from employee_version as stored
    where stored.emp_id = employees.emp_id and (stored.epoch, stored.change_id) > ($3, $4)
      and stored.emp_id > $1::bigint and ($2::bigint is null or stored.emp_id <= $2))`;

/**
 * Deletes the next employees at or below the watermark, and their versions. The caller holds the watermark's exclusive lock,
 * so that no batch writes a newer version of an employee while it is deleted.
 */
export async function sweepStep(
  { client, withSavepoint, judge }: SweepTransaction,
  { sweptUntil: after, watermark, maxRows }: SweepRange,
): Promise<SweepStep> {
  await client.query(`set local statement_timeout = ${STEP_TIMEOUT_MS}`);
  const end = await client.query<{ sweptUntil: string | null }>(FIND_END_OF_STEP, [after, maxRows]);
  const sweptUntil = end.rows[0]?.sweptUntil ?? null;
  const range = [after, sweptUntil, String(watermark.epoch), String(watermark.changeId)];
  let deletedCount = await withSavepoint(async () => {
    const { rowCount } = await client.query(`delete from employees where ${IS_SWEPT}`, range);
    return rowCount ?? 0;
  }).catch((error) => {
    if (classifyError(error) !== 'permanent') throw error;
    return 0;
  });
  // Those that a constraint refuses to delete, or that a trigger keeps.
  const remaining = await client.query<{ emp_id: number }>(`select emp_id from employees where ${IS_SWEPT}`, range);
  const { refused } = await isolateRefused(
    remaining.rows.map(({ emp_id }) => emp_id),
    async (empIds) => {
      await withSavepoint(() => deleteEmployees(client, 'update-then-insert', empIds));
      deletedCount += empIds.length;
    },
    (refusedItems) => judge(refusedItems, deletedCount),
  );
  // Without a key the target may have rows whose emp_id is null.
  if (sweptUntil === null) await client.query('delete from employees where emp_id is null');
  await client.query(
    `delete from employee_version
     where emp_id > $1::bigint and ($2::bigint is null or emp_id <= $2) and (epoch, change_id) <= ($3, $4)`,
    range,
  );
  return { sweptUntil, refused };
}
