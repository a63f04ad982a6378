import type { CaptureState } from '../../core/capture-state.ts';
import type { CapturedChange } from '../../core/employee-change.ts';
import type {
  ChangeIdRange,
  ChangeSource,
  Difference,
  SnapshotStart,
  SourceIdentity,
} from '../../ports/change-source.ts';
import { inspectCapture } from './capture-inspection.ts';
import type { Database } from './database.ts';
import { employeeOfImage, readSnapshotChunk, TEXT_COLUMNS } from './employee-snapshot.ts';

/** Rows of one read. Smaller: more round trips for a backlog. Larger: more memory, and a longer wait for the first acknowledgement. */
const PAGE_SIZE = 5_000;
/** Oldest changes that one round of the purge considers. Smaller: more rounds. Larger: longer statements. */
const PURGE_SIZE = 1_000;

/**
 * For the sessions that read changes. PostgreSQL keeps the plan of a named statement while the table grows. A scan of the
 * whole table, or a sort, is fast in a small table and far too slow in one with millions of rows.
 */
export const CHANGE_SOURCE_SESSION = { enable_seqscan: 'off', enable_bitmapscan: 'off' };

/** `action` is cut, because a hand-written value could exceed the limit of a Kafka record. Valid actions are far shorter. */
const CHANGE_COLUMNS = `cdc_id as "changeId", emp_id as "empId", ${TEXT_COLUMNS}, dob::text as dob, salary,
  left(action, 100) as action, changed_at::text as "changedAt",
  case when image is not null then ${employeeOfImage('image')} end as image`;

const IDENTITY = `(select system_identifier::text from pg_control_system()) as "systemIdentifier",
  pg_postmaster_start_time()::text as "serverStartedAt"`;

const LAST_GIVEN_ID = `pg_sequence_last_value(to_regclass('emp_cdc_cdc_id_seq')) as "lastGivenId"`;

/**
 * The first row has the present snapshot, and the other rows are the changes. One statement reads both, so the changes
 * are exactly those that are visible in that snapshot.
 *
 * Changes that are not visible in $1 belong to transactions that began after it (first branch) or were open in it (second
 * branch). Each branch is ordered by the columns of its index, so that the planner uses the index whatever its statistics
 * say. The limit avoids sorting a backlog that does not fit into a page.
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
  select null::bigint as "changeId", null::integer as "empId", null as "firstName", null as "lastName", null as city,
    null as dob, null::integer as salary, null as action, null as "changedAt", null as image,
    pg_current_snapshot()::text as snapshot, pg_postmaster_start_time()::text as "serverStartedAt",
    (select save_number from cdc_progress) as "saveNumber",
    ${LAST_GIVEN_ID}
  union all
  select ${CHANGE_COLUMNS}, null, null, null, null from found
  order by 1 nulls first`;

/** `count(*)` is not used. Without it the planner would search the primary key for the minimum and the maximum. */
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
 * Only the primary key can serve this query, so that each page continues where the last one ended and all pages together
 * cost as much as the range. With the index on transactions, every page would sort all remaining changes.
 */
export const READ_PAGE = `
  select ${CHANGE_COLUMNS} from emp_cdc
  where cdc_id between $3 and $4
    and pg_visible_in_snapshot(txid, $2::pg_snapshot) and not pg_visible_in_snapshot(txid, $1::pg_snapshot)
  order by cdc_id limit ${PAGE_SIZE}`;

/**
 * Commits with `synchronous_commit` whatever the settings of the session. When the number is durable, so is everything
 * that was visible before. A crash therefore cannot make the server use the transaction ids of a saved position again.
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

/**
 * Considers only the oldest changes, so that a round costs the same however many are retained. The setting tells the trigger
 * of emp_cdc that these changes are published.
 */
const PURGE = `
  with purges as materialized (select set_config('employee_streams.purges', 'yes', true))
  delete from emp_cdc using purges where cdc_id in (
    select cdc_id from (select * from emp_cdc order by cdc_id limit ${PURGE_SIZE}) as oldest
    where changed_at < clock_timestamp() - make_interval(hours => $2) and pg_visible_in_snapshot(txid, $1::pg_snapshot)
  )`;

type ChangeRow = CapturedChange & Record<string, unknown>;

interface IdentityRow {
  readonly systemIdentifier: string;
  readonly serverStartedAt: string;
  readonly saveNumber: string;
  readonly epoch: string;
}

interface SnapshotStartRow extends IdentityRow {
  readonly snapshot: string;
}

interface DifferenceRow extends CapturedChange {
  readonly snapshot: string;
  readonly serverStartedAt: string;
  readonly saveNumber: string;
  readonly lastGivenId: string | null;
}

export class PostgresChangeSource implements ChangeSource {
  readonly pageSize = PAGE_SIZE;
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async identify(): Promise<SourceIdentity> {
    const row = await this.#queryProgress<IdentityRow>(
      `select ${IDENTITY}, save_number as "saveNumber", epoch from cdc_progress`,
    );
    return { ...row, saveNumber: BigInt(row.saveNumber), epoch: BigInt(row.epoch) };
  }

  async readDifference(since: string): Promise<Difference> {
    const { rows } = await this.#database.query<DifferenceRow>(READ_DIFFERENCE, [since], 'read-difference');
    const [current, ...changes] = rows;
    const { snapshot, serverStartedAt, saveNumber, lastGivenId } = assertRow(current);
    return {
      snapshot,
      lastGivenId,
      serverStartedAt,
      saveNumber: BigInt(saveNumber),
      changes: changes.length > PAGE_SIZE ? null : changes,
    };
  }

  async lastGivenId(): Promise<string | null> {
    const { rows } = await this.#database.query<{ lastGivenId: string | null }>(`select ${LAST_GIVEN_ID}`);
    return rows[0]?.lastGivenId ?? null;
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
    // Incremented here and not in SQL, because the value before the least possible id does not fit into a `bigint`.
    const firstChangeId = String(BigInt(afterChangeId) + 1n);
    const { rows } = await this.#database.query<ChangeRow>(READ_PAGE, [since, until, firstChangeId, lastChangeId]);
    return rows;
  }

  async inspectCapture(since: string | null): Promise<CaptureState> {
    return inspectCapture(this.#database, since);
  }

  async beginSnapshot(above: bigint): Promise<SnapshotStart> {
    const row = await this.#queryProgress<SnapshotStartRow>(BEGIN_SNAPSHOT, [String(above)]);
    return { ...row, saveNumber: BigInt(row.saveNumber), epoch: BigInt(row.epoch) };
  }

  async readSnapshotChunk(afterEmpId: number | null, withoutIdsOf: string | null): Promise<readonly CapturedChange[]> {
    return readSnapshotChunk(this.#database, afterEmpId, withoutIdsOf, PAGE_SIZE);
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
