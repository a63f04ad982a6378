import { classifyError, isStalePlan, sqlStateOf } from '../../core/classify-error.ts';
import type { EmployeeChange } from '../../core/employee-change.ts';
import { SchemaError } from '../../core/errors.ts';
import type { PartitionOffsets } from '../../core/offset-range.ts';
import type { PipelineTick } from '../../core/pipeline-tick.ts';
import type { EmployeeReplica, SweepState, WatermarkLock } from '../../ports/employee-replica.ts';
import type { TombstoneStore } from '../../ports/tombstone-store.ts';
import { applyAtOnce } from './apply-at-once.ts';
import type { Database } from './database.ts';
import { BEFORE_FIRST_EMPLOYEE, STEP_TIMEOUT_MS } from './employee-sweep.ts';
import { addOffsets, offsetParameters } from './postgres-applied-offsets.ts';
import { PostgresEmployeeReplicaTransaction, type WatermarkRow } from './postgres-employee-replica-transaction.ts';
import { recordTicks, tickParameters } from './record-ticks.ts';
import { hasRefusals, recordSuspicions, type Suspicion } from './refusals.ts';
import type { RunQuery } from './table-shape.ts';
import { CHANGES_TABLES } from './target-tables.ts';
import { adaptWriteMethod, type WithWriteMethod, type WriteMethod } from './write-method.ts';

/**
 * For the sessions that apply changes. PostgreSQL keeps the plan of a named statement while the table grows, and a scan of
 * the whole table is far too slow for a small batch in a table with millions of rows.
 */
export const EMPLOYEE_REPLICA_SESSION = { enable_seqscan: 'off' };

/**
 * The first statement of every transaction. The timeout holds until its end. The offsets are recorded by the same
 * statement, because a further one would be a further round trip for each batch.
 */
const lockWatermark = (lock: WatermarkLock, ticks: readonly PipelineTick[]) => `
  with applied as (${addOffsets(2)})
  select epoch, change_id as "changeId", swept_until as "sweptUntil", sweep_refusal as "sweepRefusal",
    ${hasRefusals('employees')}, set_config('idle_in_transaction_session_timeout', $1, true)
    ${recordTicks(6, ticks)}
  from employee_watermark for ${lock === 'exclusive' ? 'update' : 'share'} of employee_watermark`;

/**
 * The server ends a transaction that is idle for this long, so that the locks of a frozen process do not block the retry
 * of its batch. Smaller: batches on a slow machine are ended too, and retried. Larger: retries wait longer.
 */
const IDLE_TIMEOUT_MS = 10_000;

/** Rows of one step of a sweep. Smaller: more steps. Larger: the batches of other partitions wait longer. */
const SWEEP_STEP_ROWS = 10_000;

/** A step that is quicker may be four times as long without a timeout. */
const QUICK_STEP_MS = STEP_TIMEOUT_MS / 8;

const QUERY_CANCELED = '57014';

export interface EmployeeReplicaLimits {
  readonly idleTimeoutMs?: number;
  readonly sweepStepRows?: number;
}

/** Of one call. Smaller: a backlog takes longer. Larger: the batch that waits for it is delayed for longer. */
const TOMBSTONES_PER_CALL = 10_000;

/**
 * The clock of tombstones follows that of the server slowly. When that is set back by years, both go back. What is deleted
 * then would be old as soon as they are right again, so they only jump forward when the retention time has passed.
 */
const TOMBSTONE_CLOCK = `least(clock_timestamp(), greatest(shows_at + interval '2 hours',
  case when clock_timestamp() > latest_at + make_interval(days => $1) then latest_at end))`;

/** Less than an hour, because each instance measures its hour with another clock. */
const CLEANED_RECENTLY = `clock_timestamp() between moved_at and moved_at + interval '55 minutes'`;

const MOVE_TOMBSTONE_CLOCK = `
  update tombstone_clock set shows_at = ${TOMBSTONE_CLOCK}, latest_at = greatest(latest_at, ${TOMBSTONE_CLOCK}),
    moved_at = clock_timestamp()
  where (${CLEANED_RECENTLY}) is not true
  returning shows_at - make_interval(days => $1) as "appliedBefore"`;

const DELETE_TOMBSTONES = `
  delete from employee_version where emp_id in (
    select emp_id from employee_version where deleted and applied_at < $1
    limit ${TOMBSTONES_PER_CALL} for update skip locked)`;

export class PostgresEmployeeReplica implements EmployeeReplica, TombstoneStore {
  readonly #database: Database;
  readonly #idleTimeoutMs: number;
  readonly #longestStepRows: number;
  /** Fewer after a step that took too long, and more again after a quick one. */
  #sweepStepRows: number;
  readonly #withWriteMethod: WithWriteMethod;

  constructor(database: Database, limits: EmployeeReplicaLimits = {}) {
    this.#database = database;
    this.#withWriteMethod = adaptWriteMethod(this.#run, CHANGES_TABLES);
    this.#idleTimeoutMs = limits.idleTimeoutMs ?? IDLE_TIMEOUT_MS;
    this.#longestStepRows = limits.sweepStepRows ?? SWEEP_STEP_ROWS;
    this.#sweepStepRows = this.#longestStepRows;
  }

  async transaction<Result>(
    lock: WatermarkLock,
    applied: readonly PartitionOffsets[],
    work: (transaction: PostgresEmployeeReplicaTransaction) => Promise<Result>,
    ticks: readonly PipelineTick[] = [],
  ): Promise<Result> {
    try {
      return await this.#withWriteMethod((method) => this.#attempt(lock, { applied, ticks }, work, method));
    } catch (error) {
      if (sqlStateOf(error) === QUERY_CANCELED) this.#sweepStepRows = Math.ceil(this.#sweepStepRows / 4);
      throw error;
    }
  }

  async applyAtOnce(
    changes: readonly EmployeeChange[],
    applied: readonly PartitionOffsets[],
    ticks: readonly PipelineTick[] = [],
  ): Promise<number | undefined> {
    try {
      return await applyAtOnce(this.#database, changes, applied, ticks);
    } catch (error) {
      if (classifyError(error) === 'transient' && !isStalePlan(error)) throw error;
      // The statements of a transaction fail alike, with an error that can be attributed to a change or a table.
      return undefined;
    }
  }

  async sweep(): Promise<SweepState> {
    const startedMs = performance.now();
    const state = await this.transaction('exclusive', [], async (transaction) => {
      await transaction.continueSweep();
      return transaction.sweep;
    });
    if (performance.now() - startedMs < QUICK_STEP_MS) {
      this.#sweepStepRows = Math.min(4 * this.#sweepStepRows, this.#longestStepRows);
    }
    return state;
  }

  async claimCleaning(retentionDays: number): Promise<Date | null> {
    // A transaction of its own, so that other instances do not wait for the row of the clock while tombstones are deleted.
    return this.#database.transaction(async (client) => {
      const { rows } = await client.query<{ appliedBefore: Date }>(MOVE_TOMBSTONE_CLOCK, [retentionDays]);
      return rows[0]?.appliedBefore ?? null;
    });
  }

  async deleteTombstones(appliedBefore: Date): Promise<{ deleted: number; isComplete: boolean }> {
    const { rowCount } = await this.#database.transaction((client) => client.query(DELETE_TOMBSTONES, [appliedBefore]));
    const deleted = rowCount ?? 0;
    return { deleted, isComplete: deleted < TOMBSTONES_PER_CALL };
  }

  readonly #run: RunQuery = (text, values) => this.#database.query(text, values);

  async #attempt<Result>(
    lock: WatermarkLock,
    { applied, ticks }: { applied: readonly PartitionOffsets[]; ticks: readonly PipelineTick[] },
    work: (transaction: PostgresEmployeeReplicaTransaction) => Promise<Result>,
    method: WriteMethod,
  ): Promise<Result> {
    let transaction: PostgresEmployeeReplicaTransaction | undefined;
    try {
      return await this.#database.transaction(async (client) => {
        const { rows } = await client.query<WatermarkRow>({
          name: `lock-watermark-${lock}${ticks.length === 0 ? '' : '-and-ticks'}`,
          text: lockWatermark(lock, ticks),
          values: [String(this.#idleTimeoutMs), ...offsetParameters(applied), ...tickParameters(ticks)],
        });
        const [row] = rows;
        if (row === undefined) {
          throw new SchemaError(
            'expected one row in table employee_watermark of the target database, found none; run in the target ' +
              'database: insert into employee_watermark default values; then run npm run resnapshot',
            { table: 'employee_watermark' },
          );
        }
        transaction = new PostgresEmployeeReplicaTransaction(client, row, method, this.#sweepStepRows);
        const result = await work(transaction);
        await transaction.recordAccepted();
        return result;
      });
    } catch (error) {
      if (transaction !== undefined) await this.#recordSuspicions(transaction.suspicions);
      throw error;
    }
  }

  /** After the rollback, which has undone what the transaction stored. */
  async #recordSuspicions(suspicions: readonly Suspicion[]): Promise<void> {
    if (suspicions.length === 0) return;
    await recordSuspicions(this.#run, suspicions);
    // A pending sweep begins again, so that it deletes what earlier steps had to keep once the schema is corrected.
    await this.#run(
      'update employee_watermark set swept_until = $1, sweep_refusal = null where swept_until is not null',
      [BEFORE_FIRST_EMPLOYEE],
    );
  }
}
