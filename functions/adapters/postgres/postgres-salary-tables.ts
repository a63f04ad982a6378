import type { PoolClient } from 'pg';
import type { PipelineTick } from '../../core/pipeline-tick.ts';
import type { ReceivedSalary, SalaryRecord } from '../../core/salary-record.ts';
import type { LoadOutcome, RefusedSalary, SalaryTables } from '../../ports/salary-tables.ts';
import type { Database } from './database.ts';
import { completeFiles } from './ingested-files.ts';
import { insertRows } from './insert-rows.ts';
import { type FileStatus, lockFiles } from './lock-files.ts';
import { type CurrentRow, countAsSent, readmitRows } from './readmitted-rows.ts';
import { judgeRefused, recordAccepted, recordSuspicions } from './refusals.ts';
import { canInsertCopy } from './salary-probe.ts';
import type { RunQuery } from './table-shape.ts';
import { targetSchemaError } from './target-schema-error.ts';
import { SALARIES_TABLES, SALARY_ROWS, SALARY_TOTALS } from './target-tables.ts';
import { adaptWriteMethod, type WithWriteMethod, type WriteMethod } from './write-method.ts';

/** Writes a batch under a shared lock of its keys, so that batches run in parallel, but not while a version takes over. */
export class PostgresSalaryTables implements SalaryTables {
  readonly #database: Database;
  readonly #withWriteMethod: WithWriteMethod;

  constructor(database: Database) {
    this.#database = database;
    this.#withWriteMethod = adaptWriteMethod(this.#run, SALARIES_TABLES);
  }

  async load(batch: readonly ReceivedSalary[], ticks: readonly PipelineTick[] = []): Promise<LoadOutcome> {
    return this.#transaction(async (client, method) => {
      const { statusOf, hasRefusals } = await lockFiles(client, batch, ticks);
      const unregistered: ReceivedSalary[] = [];
      const current: CurrentRow[] = [];
      let areAllNew = true;
      for (const received of batch) {
        const { salary, wasRejected = false } = received;
        const status = statusOf(salary);
        if (status === undefined) unregistered.push(received);
        else if (canLoad(status, wasRejected)) {
          current.push({ fileId: status.fileId, salary, wasRejected });
          areAllNew &&= !wasRejected && !status.hasRefusedRows;
        }
      }
      const { sent, rejected } = areAllNew ? { sent: current, rejected: [] } : await readmitRows(client, current);
      const loaded =
        (await insertRows(client, method, sent)) + (await insertRows(client, method, rejected, 'rejected'));
      if (hasRefusals && loaded > 0) await recordAccepted(runOn(client), SALARY_ROWS.table, ['write']);
      return { loaded, skipped: batch.length - unregistered.length - loaded, unregistered };
    });
  }

  async recordRefused(batch: readonly ReceivedSalary[]): Promise<void> {
    await this.#transaction(async (client) => {
      const { statusOf } = await lockFiles(client, batch);
      const refused = batch.flatMap(({ salary, wasRejected = false }) => {
        const status = statusOf(salary);
        return status && canLoad(status, wasRejected)
          ? [{ fileId: status.fileId, rowNumber: salary.rowNumber, wasRejected }]
          : [];
      });
      const { rows } = await client.query<{ file_id: string }>(
        `with batch as (
           select * from unnest($1::bigint[], $2::integer[], $3::boolean[]) as batch (file_id, row_number, was_rejected)),
         counted as (
           insert into refused_row (file_id, row_number) select file_id, row_number from batch
           where not exists (
             select from department_employee as employee
             where employee.file_id = batch.file_id and employee.row_number = batch.row_number)
           on conflict (file_id, row_number) do nothing returning file_id, row_number),
         newly as (
           select file_id, count(distinct row_number)::integer as count,
             (count(distinct row_number) filter (where was_rejected))::integer as readmitted
           from counted join batch using (file_id, row_number) group by file_id)
         update ingested_file set refused = refused + newly.count, heartbeat_at = clock_timestamp(),
           ${countAsSent('newly.readmitted')}
         from newly where ingested_file.file_id = newly.file_id
         returning newly.file_id`,
        [
          refused.map(({ fileId }) => fileId),
          refused.map(({ rowNumber }) => rowNumber),
          refused.map(({ wasRejected }) => wasRejected),
        ],
      );
      await completeFiles(
        client,
        rows.map(({ file_id }) => file_id),
      );
    });
  }

  async judgeRefused(refused: readonly RefusedSalary[], acceptedInBatch: number): Promise<void> {
    const rows = refused.map(({ received, error }) => ({ id: identifyRow(received.salary), error }));
    const suspicions = await this.#transaction((client) =>
      judgeRefused(
        runOn(client),
        {
          ...{ table: SALARY_ROWS.table, shapes: [SALARY_ROWS, SALARY_TOTALS], operation: 'write', acceptedInBatch },
          acceptsHeldRow: (_, error) => canInsertCopy(client, error),
        },
        rows,
      ),
    );
    const [first] = suspicions;
    if (first === undefined) return;
    await recordSuspicions(this.#run, suspicions);
    throw await targetSchemaError(this.#run, SALARIES_TABLES, first.error);
  }

  readonly #run: RunQuery = (text, values) => this.#database.query(text, values);

  #transaction<Result>(work: (client: PoolClient, method: WriteMethod) => Promise<Result>): Promise<Result> {
    return this.#withWriteMethod((method) => this.#database.transaction((client) => work(client, method)));
  }
}

/** A rejected row of a file that is read again is judged with the file, and the file then counts it. */
function canLoad({ isCurrent, isEndRecorded }: FileStatus, wasRejected: boolean): boolean {
  return isCurrent && (isEndRecorded || !wasRejected);
}

function runOn(client: PoolClient): RunQuery {
  return (text, values) => client.query(text, [...values]);
}

function identifyRow({ bucket, key, version, rowNumber }: SalaryRecord): string {
  return JSON.stringify([bucket, key, version, rowNumber]);
}
