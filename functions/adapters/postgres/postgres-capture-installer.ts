import type { PoolClient } from 'pg';
import { PipelineError } from '../../core/errors.ts';
import type { CaptureInstaller, Migration } from '../../ports/schema-migrator.ts';
import type { Database } from './database.ts';
import { LOCK_REMEDY, LOCK_RETRY_FOR_MS, lockForMigration, retryWhileLocked } from './migration-lock.ts';

/** Functions whose definition decides what is captured: all that the first file creates. */
const FUNCTION_NAMES = [
  'capture_statement_start',
  'capture_employee_change',
  'capture_employees_truncate',
  'note_deleted_changes',
  '_private_is_server_failure',
  '_private_note_capture_gap',
  '_private_is_employees',
  '_private_shape_token',
  '_private_is_usual_shape',
  '_private_prepare_capture',
  '_private_capture_image',
  '_private_capture_unusual',
];
const IN_FUNCTION_NAMES = `in (${FUNCTION_NAMES.map((name) => `'${name}'`).join(', ')})`;

export const CAPTURE_FUNCTION_COUNT = FUNCTION_NAMES.length;

/**
 * One row for each function: a checksum of its definition, and the comment that vouches for it. The comment also holds
 * `xmin`, which changes when the function is replaced, even by the same text.
 */
export const CAPTURE_FUNCTIONS = `
  select proname as name, md5(concat(prosrc, proconfig, prosecdef, provolatile)) as checksum,
    pg_proc.xmin::text as version, pg_get_userbyid(proowner) as owner, obj_description(pg_proc.oid, 'pg_proc') as comment
  from pg_proc where pronamespace = 'public'::regnamespace and proname ${IN_FUNCTION_NAMES} order by proname`;

/** Vouches for all functions as they are now. */
const VOUCH = `do $$
  declare
    installed record;
  begin
    for installed in
      select pg_proc.oid::regprocedure as signature,
        concat_ws(' ', 'employee-streams', md5(concat(prosrc, proconfig, prosecdef, provolatile)), pg_proc.xmin) as comment
      from pg_proc where pronamespace = 'public'::regnamespace and proname ${IN_FUNCTION_NAMES}
    loop
      execute format('comment on function %s is %L', installed.signature, installed.comment);
    end loop;
  end $$`;

export interface CaptureFunction {
  readonly name: string;
  readonly checksum: string;
  readonly version: string;
  readonly owner: string;
  readonly comment: string | null;
}

export function isVouchedFor({ checksum, comment }: CaptureFunction): boolean {
  return comment?.startsWith(`employee-streams ${checksum} `) ?? false;
}

/** The functions are replaced only when a definition differs; everything else is decided by the files themselves. */
export class PostgresCaptureInstaller implements CaptureInstaller {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async install([functions, ...rest]: readonly Migration[]): Promise<readonly string[]> {
    if (functions === undefined) return [];
    return retryWhileLocked(this.#database, LOCK_RETRY_FOR_MS, captureLockedError, async (client) => {
      await lockForMigration(client);
      const replaced = await replaceFunctions(client, functions);
      for (const { sql } of rest) await client.query(sql);
      if (replaced !== null) await client.query('select _private_note_capture_gap($1)', [replaced]);
      const { rows } = await client.query<{ reason: string }>(
        'select reason from cdc_gap where txid = pg_current_xact_id_if_assigned()',
      );
      return rows.map(({ reason }) => reason);
    });
  }
}

function captureLockedError(cause: unknown): PipelineError {
  return new PipelineError(
    'PIPE_CAPTURE_LOCKED',
    `expected the lock of employees and emp_cdc to mend the capture of changes, found that other transactions keep it; ${LOCK_REMEDY}`,
    { retry: 'manual', cause },
  );
}

/** @returns why changes may be missing; `null` when the functions were right, or no version of them was installed before. */
async function replaceFunctions(client: PoolClient, { sql }: Migration): Promise<string | null> {
  const read = async () => (await client.query<CaptureFunction>(CAPTURE_FUNCTIONS)).rows;
  const before = await read();
  await client.query('savepoint functions');
  await client.query(sql);
  const after = await read();
  const checksumOf = new Map(before.map((found) => [found.name, isVouchedFor(found) ? found.checksum : null]));
  if (after.every(({ name, checksum }) => checksumOf.get(name) === checksum)) {
    // So the functions keep their version, which the poller compares.
    await client.query('rollback to savepoint functions');
    return null;
  }
  await client.query(VOUCH);
  const isFirst = before.every(({ comment }) => comment === null);
  const damaged = before.filter((found) => !isVouchedFor(found)).map(({ name }) => name);
  const missing = after.map(({ name }) => name).filter((name) => !checksumOf.has(name));
  if (isFirst || damaged.length + missing.length === 0) return null;
  return `functions were missing or replaced: ${[...damaged, ...missing].join(', ')}`;
}
