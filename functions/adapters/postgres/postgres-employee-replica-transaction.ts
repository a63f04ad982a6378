import type { PoolClient } from 'pg';
import { compareVersions, type Version } from '../../core/change-version.ts';
import { describeDatabaseFault } from '../../core/database-fault.ts';
import type { EmployeeChange } from '../../core/employee-change.ts';
import type {
  EmployeeReplicaTransaction,
  RefusedChange,
  RetainedEmployee,
  SweepState,
} from '../../ports/employee-replica.ts';
import { plainArray } from './array-literal.ts';
import { canDeleteEmployee, canRewriteEmployee, type Probe } from './employee-probe.ts';
import { BEFORE_FIRST_EMPLOYEE, sweepStep } from './employee-sweep.ts';
import { deleteEmployees, writeEmployees } from './employee-writer.ts';
import { judgeRefused, type RefusedRow, recordAccepted, type Suspicion } from './refusals.ts';
import type { RunQuery } from './table-shape.ts';
import { targetSchemaError } from './target-schema-error.ts';
import { CHANGES_TABLES, EMPLOYEES } from './target-tables.ts';
import type { WriteMethod } from './write-method.ts';

/** The row of `employee_watermark`, as a transaction finds it. */
export interface WatermarkRow {
  readonly epoch: string;
  readonly changeId: string;
  /** `null`: no sweep is pending. */
  readonly sweptUntil: string | null;
  readonly sweepRefusal: string | null;
  /** Whether a rule of table employees has refused rows since a row was last accepted. */
  readonly hasRefusals: boolean;
}

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

/** Stores the version below every change of the epoch. Only for employees that the replica has. */
const RETAIN_THROUGH_SNAPSHOT = `
  insert into employee_version as stored (emp_id, epoch, change_id, deleted)
  select emp_id, max(retained.epoch), -1, false
  from unnest($1::integer[], $2::bigint[]) as retained (emp_id, epoch) join employees using (emp_id)
  group by emp_id order by emp_id
  on conflict (emp_id) do update set epoch = excluded.epoch, change_id = excluded.change_id
    where (stored.epoch, stored.change_id) < (excluded.epoch, excluded.change_id)`;

export class PostgresEmployeeReplicaTransaction implements EmployeeReplicaTransaction {
  readonly watermark: Version;
  readonly #client: PoolClient;
  readonly #method: WriteMethod;
  readonly #sweepStepRows: number;
  readonly #hasRefusals: boolean;
  readonly #accepted = { write: 0, delete: 0 };
  #raisedTo: Version;
  #sweptUntil: string | null;
  #sweepRefusal: string | null;
  #suspicions: readonly Suspicion[] = [];

  constructor(client: PoolClient, row: WatermarkRow, method: WriteMethod, sweepStepRows: number) {
    this.#client = client;
    this.watermark = { epoch: BigInt(row.epoch), changeId: BigInt(row.changeId) };
    this.#raisedTo = this.watermark;
    this.#sweptUntil = row.sweptUntil;
    this.#sweepRefusal = row.sweepRefusal;
    this.#hasRefusals = row.hasRefusals;
    this.#method = method;
    this.#sweepStepRows = sweepStepRows;
  }

  get sweep(): SweepState {
    return { isPending: this.#sweptUntil !== null, refusal: this.#sweepRefusal };
  }

  /** Rules for which the transaction was rolled back. They are to be recorded outside of it. */
  get suspicions(): readonly Suspicion[] {
    return this.#suspicions;
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
    const deletions = newer.filter(({ action }) => action === 'DELETE').map(({ employee }) => employee.empId);
    const writes = newer.filter(({ action }) => action !== 'DELETE').map(({ employee }) => employee);
    await deleteEmployees(this.#client, this.#method, deletions);
    await writeEmployees(this.#client, this.#method, writes);
    this.#accepted.delete += deletions.length;
    this.#accepted.write += writes.length;
    return newer.length;
  }

  /** Constraints that are checked at the commit are checked at once, because at the commit nothing can be isolated. */
  readonly withSavepoint = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    await this.#client.query('set constraints all immediate; savepoint work');
    try {
      const result = await work();
      await this.#client.query('release savepoint work');
      return result;
    } catch (error) {
      await this.#client.query('rollback to savepoint work; release savepoint work');
      throw error;
    }
  };

  async judgeRefused(refused: readonly RefusedChange[]): Promise<void> {
    const rowsOf = (isDeletion: boolean) =>
      refused
        .filter(({ change }) => (change.action === 'DELETE') === isDeletion)
        .map(({ change, error }) => ({ id: String(change.employee.empId), error }));
    await this.#judge('write', rowsOf(false), this.#accepted.write);
    await this.#judge('delete', rowsOf(true), this.#accepted.delete);
  }

  /** Called at the end of the transaction. */
  async recordAccepted(): Promise<void> {
    if (!this.#hasRefusals) return;
    const operations = Object.entries(this.#accepted).filter(([, count]) => count > 0);
    if (operations.length === 0) return;
    await recordAccepted(
      this.#run,
      EMPLOYEES.table,
      operations.map(([operation]) => operation),
    );
  }

  async raiseWatermark(to: Version): Promise<void> {
    const order = compareVersions(to, this.#raisedTo);
    if (order < 0 || (order === 0 && (this.#sweptUntil !== null || this.#sweepRefusal === null))) return;
    this.#raisedTo = { epoch: to.epoch, changeId: to.changeId };
    this.#sweptUntil = BEFORE_FIRST_EMPLOYEE;
    this.#sweepRefusal = null;
    await this.continueSweep();
    await this.#client.query('delete from employee_snapshot_end where epoch <= $1', [String(to.epoch)]);
  }

  /** Makes the next step of a sweep that is pending. */
  async continueSweep(): Promise<void> {
    if (this.#sweptUntil === null) return;
    const { sweptUntil, refused } = await sweepStep(
      {
        client: this.#client,
        withSavepoint: this.withSavepoint,
        judge: (items, deletedCount) =>
          this.#judge(
            'delete',
            items.map(({ item, error }) => ({ id: String(item), error })),
            deletedCount,
          ),
      },
      { sweptUntil: this.#sweptUntil, watermark: this.#raisedTo, maxRows: this.#sweepStepRows },
    );
    this.#sweptUntil = sweptUntil;
    this.#sweepRefusal ??= refused[0] === undefined ? null : describeDatabaseFault(refused[0].error);
    await this.#client.query(
      'update employee_watermark set epoch = $1, change_id = $2, swept_until = $3, sweep_refusal = $4',
      [String(this.#raisedTo.epoch), String(this.#raisedTo.changeId), this.#sweptUntil, this.#sweepRefusal],
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

  async #judge(operation: 'write' | 'delete', refused: readonly RefusedRow[], acceptedInBatch: number): Promise<void> {
    const acceptsHeldRow = (refusedIds: readonly string[], error: unknown) =>
      operation === 'write'
        ? canRewriteEmployee(this.#probe, error)
        : canDeleteEmployee(this.#probe, refusedIds, error);
    const table = { table: EMPLOYEES.table, shapes: [EMPLOYEES], operation, acceptedInBatch, acceptsHeldRow };
    this.#suspicions = await judgeRefused(this.#run, table, refused);
    const [first] = this.#suspicions;
    if (first !== undefined) throw await targetSchemaError(this.#run, CHANGES_TABLES, first.error);
  }

  readonly #run: RunQuery = (text, values) => this.#client.query(text, [...values]);

  get #probe(): Probe {
    const undo = async (work: () => Promise<void>) => {
      await this.#client.query('set constraints all immediate; savepoint probe');
      try {
        await work();
      } finally {
        await this.#client.query('rollback to savepoint probe; release savepoint probe');
      }
    };
    return { client: this.#client, method: this.#method, undo };
  }
}

function ofEmployees(changes: readonly EmployeeChange[], rows: readonly { emp_id: number }[]): EmployeeChange[] {
  const empIds = new Set(rows.map(({ emp_id }) => emp_id));
  return changes.filter(({ employee }) => empIds.has(employee.empId));
}
