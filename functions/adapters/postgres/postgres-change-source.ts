import type { CapturedChange } from '../../core/employee-change.ts';
import type {
  ChangeIdRange,
  ChangeSource,
  Difference,
  SnapshotStart,
  SourceIdentity,
} from '../../ports/change-source.ts';
import type { Database } from './database.ts';

/** Rows of one read. Larger: more memory and a longer first acknowledgement; smaller: more round trips in a backlog. */
const PAGE_SIZE = 5_000;
/** How many of the oldest changes one round of the purge looks at. */
const PURGE_SIZE = 1_000;

/**
 * For the sessions that read changes. A plan is made while the tables are small and kept while they grow; in a table of
 * millions it must not begin at the first row, or sort what is left.
 */
export const CHANGE_SOURCE_SESSION = { enable_seqscan: 'off', enable_bitmapscan: 'off' };

/** An action that somebody has written by hand may be longer than what a Kafka record holds; none that counts is. */
const CHANGE_COLUMNS = `cdc_id as "changeId", emp_id as "empId", first_name as "firstName", last_name as "lastName",
  dob::text as dob, city, salary, left(action, 100) as action, changed_at::text as "changedAt"`;

const IDENTITY = `(select system_identifier::text from pg_control_system()) as "systemIdentifier",
  pg_postmaster_start_time()::text as "serverStartedAt"`;

/**
 * The first row tells what is visible now; the changes follow. Both come of one statement, so of one snapshot.
 *
 * The changes that the position has not seen are those of transactions that began after it, or were open in it. The
 * order by the index within each branch keeps the planner on that index whatever its statistics say, and the limit keeps
 * a backlog from being sorted only to be found too large.
 */
export const READ_DIFFERENCE = `
  with found as materialized (
    (select * from emp_cdc
      where txid >= pg_snapshot_xmax($1::pg_snapshot) and pg_visible_in_snapshot(txid, pg_current_snapshot())
      order by txid, cdc_id limit ${PAGE_SIZE + 1})
    union all
    (select * from emp_cdc
      where txid = any(array(select pg_snapshot_xip($1::pg_snapshot)))
        and pg_visible_in_snapshot(txid, pg_current_snapshot())
      order by txid, cdc_id limit ${PAGE_SIZE + 1})
  )
  select null::bigint as "changeId", null::integer as "empId", null as "firstName", null as "lastName", null as dob,
    null as city, null::integer as salary, null as action, null as "changedAt",
    pg_current_snapshot()::text as snapshot, pg_postmaster_start_time()::text as "serverStartedAt",
    (select save_number from cdc_progress) as "saveNumber"
  union all
  select ${CHANGE_COLUMNS}, null, null, null from found
  order by 1 nulls first`;

/** The count is there only to keep the planner from walking the primary key for the minimum and the maximum. */
const MEASURE_DIFFERENCE = `
  select min(cdc_id) as first, max(cdc_id) as last, count(*) as size from (
    select cdc_id from emp_cdc
      where txid >= pg_snapshot_xmax($1::pg_snapshot) and txid < pg_snapshot_xmax($2::pg_snapshot)
        and pg_visible_in_snapshot(txid, $2::pg_snapshot)
    union all
    select cdc_id from emp_cdc
      where txid = any(array(select pg_snapshot_xip($1::pg_snapshot)))
        and pg_visible_in_snapshot(txid, $2::pg_snapshot)
  ) as difference`;

/**
 * Written so that only the primary key can serve it: each page goes on where the last one ended, and the whole costs what
 * the range holds. By the index on transactions every page would sort all that is left.
 */
export const READ_PAGE = `
  select ${CHANGE_COLUMNS} from emp_cdc
  where cdc_id between $3 and $4
    and pg_visible_in_snapshot(txid, $2::pg_snapshot) and not pg_visible_in_snapshot(txid, $1::pg_snapshot)
  order by cdc_id limit ${PAGE_SIZE}`;

/** The newest change that an image reflects is visible in the same statement, so of the same snapshot. */
const readChunk = (range: string) => `
  select coalesce(newest.cdc_id, 0) as "changeId", employee.emp_id as "empId", first_name as "firstName",
    last_name as "lastName", dob::text as dob, city, salary, 'SNAPSHOT' as action,
    statement_timestamp()::text as "changedAt"
  from (select * from employees ${range} order by emp_id limit ${PAGE_SIZE}) as employee
  left join lateral (
    select cdc_id from emp_cdc where emp_cdc.emp_id = employee.emp_id order by cdc_id desc limit 1
  ) as newest on true
  order by employee.emp_id`;

/**
 * Durable whatever the session's settings: when the number is, so is everything that was visible before, and the
 * transaction ids of the saved position cannot be given out a second time after a crash.
 */
const NEXT_SAVE_NUMBER = `
  with durable as (select set_config('synchronous_commit', 'on', true))
  update cdc_progress set save_number = save_number + 1 from durable returning save_number as "saveNumber"`;

const BEGIN_SNAPSHOT = `
  with durable as (select set_config('synchronous_commit', 'on', true))
  update cdc_progress set save_number = save_number + 1,
    epoch = greatest(epoch + 1, $1::bigint + 1, floor(extract(epoch from clock_timestamp()) * 1000)::bigint)
  from durable
  returning save_number as "saveNumber", epoch, pg_current_snapshot()::text as snapshot, ${IDENTITY}`;

/** Looks only at the front of the table, so costs the same however much is retained. */
const PURGE = `
  delete from emp_cdc where cdc_id in (
    select cdc_id from (select * from emp_cdc order by cdc_id limit ${PURGE_SIZE}) as oldest
    where changed_at < clock_timestamp() - make_interval(hours => $2) and pg_visible_in_snapshot(txid, $1::pg_snapshot)
  )`;

type ChangeRow = CapturedChange & Record<string, unknown>;

interface IdentityRow {
  readonly systemIdentifier: string;
  readonly serverStartedAt: string;
  readonly saveNumber: string;
}

interface SnapshotStartRow extends IdentityRow {
  readonly epoch: string;
  readonly snapshot: string;
}

interface DifferenceRow extends CapturedChange {
  readonly snapshot: string;
  readonly serverStartedAt: string;
  readonly saveNumber: string;
}

export class PostgresChangeSource implements ChangeSource {
  readonly pageSize = PAGE_SIZE;
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async identify(): Promise<SourceIdentity> {
    const row = await this.#queryProgress<IdentityRow>(
      `select ${IDENTITY}, save_number as "saveNumber" from cdc_progress`,
    );
    return { ...row, saveNumber: BigInt(row.saveNumber) };
  }

  async readDifference(since: string): Promise<Difference> {
    const { rows } = await this.#database.query<DifferenceRow>(READ_DIFFERENCE, [since], 'read-difference');
    const [current, ...changes] = rows;
    const { snapshot, serverStartedAt, saveNumber } = assertRow(current);
    return {
      snapshot,
      serverStartedAt,
      saveNumber: BigInt(saveNumber),
      changes: changes.length > PAGE_SIZE ? null : changes,
    };
  }

  async measureDifference(since: string, until: string): Promise<ChangeIdRange | null> {
    const { rows } = await this.#database.query<{ first: string | null; last: string | null }>(MEASURE_DIFFERENCE, [
      since,
      until,
    ]);
    const { first = null, last = null } = rows[0] ?? {};
    return first === null || last === null ? null : { first, last };
  }

  async readPage(
    since: string,
    until: string,
    afterChangeId: string,
    lastChangeId: string,
  ): Promise<readonly CapturedChange[]> {
    // Incremented here and not in SQL: before the least id of all lies a number that a `bigint` cannot hold.
    const firstChangeId = String(BigInt(afterChangeId) + 1n);
    const { rows } = await this.#database.query<ChangeRow>(READ_PAGE, [since, until, firstChangeId, lastChangeId]);
    return rows;
  }

  async beginSnapshot(above: bigint): Promise<SnapshotStart> {
    const row = await this.#queryProgress<SnapshotStartRow>(BEGIN_SNAPSHOT, [String(above)]);
    return { ...row, saveNumber: BigInt(row.saveNumber), epoch: BigInt(row.epoch) };
  }

  async readSnapshotChunk(afterEmpId: number | null): Promise<readonly CapturedChange[]> {
    const { rows } =
      afterEmpId === null
        ? await this.#database.query<ChangeRow>(readChunk(''))
        : await this.#database.query<ChangeRow>(readChunk('where emp_id > $1'), [afterEmpId]);
    return rows;
  }

  async nextSaveNumber(): Promise<bigint> {
    return BigInt((await this.#queryProgress<IdentityRow>(NEXT_SAVE_NUMBER, [], 'next-save-number')).saveNumber);
  }

  async purge(since: string, retentionHours: number): Promise<number> {
    let purged = 0;
    for (;;) {
      const { rowCount } = await this.#database.query(PURGE, [since, retentionHours]);
      // Stop only when a round deletes nothing. A round may be short because retained rows come first and purgeable
      // ones follow.
      if ((rowCount ?? 0) === 0) return purged;
      purged += rowCount ?? 0;
    }
  }

  /** Runs a statement on `cdc_progress`, which has exactly one row. */
  async #queryProgress<Row extends object>(text: string, values: readonly unknown[] = [], name?: string): Promise<Row> {
    const { rows } = await this.#database.query<Row & Record<string, unknown>>(text, values, name);
    return assertRow(rows[0]);
  }
}

function assertRow<Row>(row: Row | undefined): Row {
  if (row === undefined) {
    throw new Error(
      'expected one row in table cdc_progress, found none; insert it as its migration in sql/source does',
    );
  }
  return row;
}
