import type { ReceivedSalary, SalaryRecord } from '../../core/salary-record.ts';
import type { LoadOutcome, SalaryTables } from '../../ports/salary-tables.ts';
import type { Database } from './database.ts';
import { completeFiles } from './ingested-files.ts';
import { insertRows } from './insert-rows.ts';
import { lockFiles } from './lock-files.ts';

/** Writes a batch under a shared lock of its keys, so that batches run in parallel, but not while a version takes over. */
export class PostgresSalaryTables implements SalaryTables {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async load(batch: readonly ReceivedSalary[]): Promise<LoadOutcome> {
    return this.#database.transaction(async (client) => {
      const statusOf = await lockFiles(client, batch);
      const unregistered: ReceivedSalary[] = [];
      const current: { readonly fileId: string; readonly salary: SalaryRecord }[] = [];
      for (const item of batch) {
        const status = statusOf(item.salary);
        if (status === undefined) unregistered.push(item);
        else if (status.isCurrent) current.push({ fileId: status.fileId, salary: item.salary });
      }
      const loaded = current.length === 0 ? 0 : await insertRows(client, current);
      return { loaded, skipped: batch.length - unregistered.length - loaded, unregistered };
    });
  }

  async recordRefused(batch: readonly ReceivedSalary[]): Promise<void> {
    await this.#database.transaction(async (client) => {
      const statusOf = await lockFiles(client, batch);
      const refused = batch.flatMap(({ salary }) => {
        const status = statusOf(salary);
        return status?.isCurrent ? [{ fileId: status.fileId, rowNumber: salary.rowNumber }] : [];
      });
      const { rows } = await client.query<{ file_id: string }>(
        `with counted as (
           insert into refused_row (file_id, row_number)
           select * from unnest($1::bigint[], $2::integer[]) as refused (file_id, row_number)
           where not exists (
             select from department_employee as employee
             where employee.file_id = refused.file_id and employee.row_number = refused.row_number)
           on conflict do nothing returning file_id)
         update ingested_file set refused = refused + newly.count, heartbeat_at = clock_timestamp()
         from (select file_id, count(*) from counted group by file_id) as newly
         where ingested_file.file_id = newly.file_id
         returning newly.file_id`,
        [refused.map(({ fileId }) => fileId), refused.map(({ rowNumber }) => rowNumber)],
      );
      await completeFiles(
        client,
        rows.map(({ file_id }) => file_id),
      );
    });
  }
}
