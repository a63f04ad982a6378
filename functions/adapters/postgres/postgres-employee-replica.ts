import type { PoolClient } from 'pg';
import type { Version } from '../../core/change-version.ts';
import type { EmployeeChange } from '../../core/employee-change.ts';
import type { PartitionOffsets } from '../../core/offset-range.ts';
import type {
  EmployeeReplica,
  EmployeeReplicaTransaction,
  RetainedEmployee,
  WatermarkLock,
} from '../../ports/employee-replica.ts';
import type { TombstoneStore } from '../../ports/tombstone-store.ts';
import { plainArray, textArray } from './array-literal.ts';
import type { Database } from './database.ts';
import { addOffsets, offsetParameters } from './postgres-applied-offsets.ts';

/**
 * For the sessions that apply changes. PostgreSQL keeps the plan of a named statement while the table grows, and a scan of
 * the whole table is far too slow for a small batch in a table with millions of rows.
 */
export const EMPLOYEE_REPLICA_SESSION = { enable_seqscan: 'off' };

/**
 * The first statement of every transaction. The timeout holds until its end. The offsets are recorded by the same
 * statement, because a further one would be a further round trip for each batch.
 */
const lockWatermark = (lock: WatermarkLock) => `
  with applied as (${addOffsets(2)})
  select epoch, change_id as "changeId", set_config('idle_in_transaction_session_timeout', $1, true)
  from employee_watermark for ${lock === 'exclusive' ? 'update' : 'share'}`;

/**
 * The server ends a transaction that is idle for this long, so that the locks of a frozen process do not block the retry
 * of its batch. Smaller: batches on a slow machine are ended too, and retried. Larger: retries wait longer.
 */
const IDLE_TIMEOUT_MS = 10_000;

/**
 * Stores the versions that are newer, and returns their employees. Sorted, so that concurrent batches lock rows in the
 * same order and cannot deadlock. The employees are written by later statements, because only those see what another
 * transaction committed while this one waited for its locks.
 */
const STORE_VERSIONS = `
  insert into employee_version as stored (emp_id, epoch, change_id, deleted)
  select emp_id, epoch, change_id, deleted
  from unnest($1::integer[], $2::bigint[], $3::bigint[], $4::boolean[]) as change (emp_id, epoch, change_id, deleted)
  order by emp_id
  on conflict (emp_id) do update
    set epoch = excluded.epoch, change_id = excluded.change_id, deleted = excluded.deleted, applied_at = clock_timestamp()
    where (stored.epoch, stored.change_id) < (excluded.epoch, excluded.change_id)
  returning emp_id`;

const WRITE_EMPLOYEES = `
  insert into employees (emp_id, first_name, last_name, dob, city, salary)
  select * from unnest($1::integer[], $2::text[], $3::text[], $4::date[], $5::text[], $6::integer[])
  on conflict (emp_id) do update
    set first_name = excluded.first_name, last_name = excluded.last_name, dob = excluded.dob, city = excluded.city,
      salary = excluded.salary`;

const DELETE_EMPLOYEES = 'delete from employees where emp_id = any($1::integer[])';

/** Stores the version below every change of the epoch. Only for employees that the replica has. */
const RETAIN_THROUGH_SNAPSHOT = `
  insert into employee_version as stored (emp_id, epoch, change_id, deleted)
  select emp_id, max(retained.epoch), -1, false
  from unnest($1::integer[], $2::bigint[]) as retained (emp_id, epoch) join employees using (emp_id)
  group by emp_id order by emp_id
  on conflict (emp_id) do update set epoch = excluded.epoch, change_id = excluded.change_id
    where (stored.epoch, stored.change_id) < (excluded.epoch, excluded.change_id)`;

/** An employee without a version was inserted before the first snapshot, and counts as older than every change. */
const DELETE_UP_TO = `
  delete from employees where not exists (
    select from employee_version as stored
    where stored.emp_id = employees.emp_id and (stored.epoch, stored.change_id) > ($1, $2)
  )`;

export class PostgresEmployeeReplica implements EmployeeReplica, TombstoneStore {
  readonly #database: Database;
  readonly #idleTimeoutMs: number;

  constructor(database: Database, idleTimeoutMs = IDLE_TIMEOUT_MS) {
    this.#database = database;
    this.#idleTimeoutMs = idleTimeoutMs;
  }

  async transaction<Result>(
    lock: WatermarkLock,
    applied: readonly PartitionOffsets[],
    work: (transaction: EmployeeReplicaTransaction) => Promise<Result>,
  ): Promise<Result> {
    return this.#database.transaction(async (client) => {
      const { rows } = await client.query<{ epoch: string; changeId: string }>({
        name: `lock-watermark-${lock}`,
        text: lockWatermark(lock),
        values: [String(this.#idleTimeoutMs), ...offsetParameters(applied)],
      });
      const [row] = rows;
      if (row === undefined) {
        throw new Error(
          'expected one row in table employee_watermark, found none; insert it as its migration in sql/target does',
        );
      }
      const watermark = { epoch: BigInt(row.epoch), changeId: BigInt(row.changeId) };
      return work(new PostgresEmployeeReplicaTransaction(client, watermark));
    });
  }

  async deleteTombstones(olderThanDays: number): Promise<number> {
    const { rowCount } = await this.#database.query(
      `delete from employee_version where emp_id in (
         select emp_id from employee_version
         where deleted and applied_at < clock_timestamp() - make_interval(days => $1)
         limit 10000 for update skip locked)`,
      [olderThanDays],
    );
    return rowCount ?? 0;
  }
}

class PostgresEmployeeReplicaTransaction implements EmployeeReplicaTransaction {
  readonly watermark: Version;
  readonly #client: PoolClient;

  constructor(client: PoolClient, watermark: Version) {
    this.#client = client;
    this.watermark = watermark;
  }

  async apply(changes: readonly EmployeeChange[]): Promise<number> {
    const { rows } = await this.#client.query<{ emp_id: number }>({
      name: 'store-versions',
      text: STORE_VERSIONS,
      values: [
        plainArray(changes.map(({ employee }) => employee.empId)),
        plainArray(changes.map(({ epoch }) => epoch)),
        plainArray(changes.map(({ changeId }) => changeId)),
        plainArray(changes.map(({ action }) => action === 'DELETE')),
      ],
    });
    if (rows.length === 0) return 0;
    const newer = rows.length === changes.length ? changes : ofEmployees(changes, rows);
    await this.#delete(newer.filter(({ action }) => action === 'DELETE'));
    await this.#write(newer.filter(({ action }) => action !== 'DELETE'));
    return newer.length;
  }

  async withSavepoint<Result>(work: () => Promise<Result>): Promise<Result> {
    await this.#client.query('savepoint work');
    try {
      const result = await work();
      await this.#client.query('release savepoint work');
      return result;
    } catch (error) {
      await this.#client.query('rollback to savepoint work; release savepoint work');
      throw error;
    }
  }

  async raiseWatermark({ epoch, changeId }: Version): Promise<void> {
    const version = [String(epoch), String(changeId)];
    await this.#client.query(DELETE_UP_TO, version);
    await this.#client.query('delete from employee_version where (epoch, change_id) <= ($1, $2)', version);
    await this.#client.query('delete from employee_snapshot_end where epoch <= $1', [version[0]]);
    await this.#client.query(
      'update employee_watermark set epoch = $1, change_id = $2 where (epoch, change_id) < ($1, $2)',
      version,
    );
  }

  async retainThroughSnapshot(employees: readonly RetainedEmployee[]): Promise<void> {
    await this.#client.query(RETAIN_THROUGH_SNAPSHOT, [
      plainArray(employees.map(({ empId }) => empId)),
      plainArray(employees.map(({ epoch }) => epoch)),
    ]);
  }

  async recordSnapshotEnd(epoch: bigint, kafkaPartition: number, partitionCount: number): Promise<boolean> {
    await this.#client.query('insert into employee_snapshot_end values ($1, $2) on conflict do nothing', [
      String(epoch),
      kafkaPartition,
    ]);
    const { rows } = await this.#client.query<{ ended: number }>(
      'select count(*)::integer as ended from employee_snapshot_end where epoch = $1 and kafka_partition < $2',
      [String(epoch), partitionCount],
    );
    return rows[0]?.ended === partitionCount;
  }

  async #delete(changes: readonly EmployeeChange[]): Promise<void> {
    if (changes.length === 0) return;
    await this.#client.query({
      name: 'delete-employees',
      text: DELETE_EMPLOYEES,
      values: [plainArray(changes.map(({ employee }) => employee.empId))],
    });
  }

  async #write(changes: readonly EmployeeChange[]): Promise<void> {
    if (changes.length === 0) return;
    const employees = changes.map(({ employee }) => employee);
    await this.#client.query({
      name: 'write-employees',
      text: WRITE_EMPLOYEES,
      values: [
        plainArray(employees.map(({ empId }) => empId)),
        textArray(employees.map(({ firstName }) => firstName)),
        textArray(employees.map(({ lastName }) => lastName)),
        plainArray(employees.map(({ dob }) => dob)),
        textArray(employees.map(({ city }) => city)),
        plainArray(employees.map(({ salary }) => salary)),
      ],
    });
  }
}

function ofEmployees(changes: readonly EmployeeChange[], rows: readonly { emp_id: number }[]): EmployeeChange[] {
  const empIds = new Set(rows.map(({ emp_id }) => emp_id));
  return changes.filter(({ employee }) => empIds.has(employee.empId));
}
