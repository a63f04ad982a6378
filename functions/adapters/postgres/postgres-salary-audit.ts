import type { PoolClient } from 'pg';
import type { SalaryRow } from '../../core/salary-record.ts';
import type { AuditedFile, SalaryAudit, SalaryAuditResult, StoredSalaryRow } from '../../ports/salary-audit.ts';
import type { Database } from './database.ts';
import { completeFiles } from './ingested-files.ts';
import { removeRows } from './remove-rows.ts';
import { AUDITED_FILE, readSalaryDifferences } from './salary-audit-queries.ts';
import { SALARIES_TABLES } from './target-tables.ts';
import { adaptWriteMethod, type WithWriteMethod, type WriteMethod } from './write-method.ts';

const LIST_COMPLETE = `
  select ${AUDITED_FILE} from ingested_file as file join ingested_key on current_file_id = file_id
  where state = 'complete' and file_id > $1 order by file_id limit $2`;

const IS_COMPLETE = `
  select from ingested_key join ingested_file on file_id = current_file_id where file_id = $1 and state = 'complete'`;

const READ_ROWS = `
  (select row_number as "rowNumber", json_build_object('department', department, 'departmentDivision', department_division,
     'positionTitle', position_title, 'hireDate', hire_date::text, 'salary', salary) as row
   from department_employee where file_id = $1 and row_number > $2 order by row_number limit $3)
  union all
  (select row_number, null from refused_row where file_id = $1 and row_number > $2 order by row_number limit $3)
  order by 1 limit $3`;

/** The lock of the key as transform-csv takes it, so that neither a version nor a batch changes the rows meanwhile. */
const LOCK_KEY = `
  select current_file_id from ingested_key
  where (bucket, key) = (select bucket, key from ingested_file where file_id = $1) for update`;

/** watch-replica sets the same column when load-salaries has passed rows that are not there. */
const COUNT_AGAIN = `
  update ingested_file set state = 'loading', finished_at = null, rows_lost_at = clock_timestamp(),
    heartbeat_at = clock_timestamp(),
    loaded = (select count(*) from department_employee where file_id = $1),
    refused = (select count(*) from refused_row where file_id = $1)
  where file_id = $1`;

/**
 * No batch can change the totals under this lock. A batch that has inserted rows and waits for it adds them to the totals
 * afterwards, and until then nobody else sees them.
 */
const LOCK_TOTALS = 'lock table department_employee_salary in share row exclusive mode';

const REPAIR_TOTALS = `
  with detail as (
    select department, sum(salary::bigint) as total, count(*) as count from department_employee group by department
  ), corrected as (
    update department_employee_salary as stored set total_salary = total, employee_count = count from detail
    where stored.department = detail.department and (total_salary, employee_count) is distinct from (total, count)
    returning stored.department
  ), added as (
    insert into department_employee_salary (department, total_salary, employee_count)
    select department, total, count from detail
    where not exists (select from department_employee_salary as stored where stored.department = detail.department)
    returning department
  ), deleted as (
    delete from department_employee_salary as stored
    where not exists (select from detail where detail.department = stored.department) returning department
  )
  select ((select count(*) from corrected) + (select count(*) from added) + (select count(*) from deleted))::float8 as count`;

/** All rows are read; ten million of them take seconds. */
const ALLOW_LONG_STATEMENTS = `set local statement_timeout = '10min'`;

export class PostgresSalaryAudit implements SalaryAudit {
  readonly #database: Database;
  readonly #withWriteMethod: WithWriteMethod;

  constructor(database: Database) {
    this.#database = database;
    this.#withWriteMethod = adaptWriteMethod((text, values) => database.query(text, values), SALARIES_TABLES);
  }

  async compare(): Promise<SalaryAuditResult> {
    return this.#database.transaction(async (client) => {
      await client.query(`set transaction isolation level repeatable read, read only; ${ALLOW_LONG_STATEMENTS}`);
      return readSalaryDifferences(client);
    });
  }

  async listComplete(afterFileId: string | null, maxFiles: number): Promise<readonly AuditedFile[]> {
    return (
      await this.#database.query<AuditedFile & Record<string, unknown>>(LIST_COMPLETE, [afterFileId ?? '0', maxFiles])
    ).rows;
  }

  async readRows(fileId: string, afterRow: number, maxRows: number): Promise<readonly StoredSalaryRow[]> {
    const values = [fileId, afterRow, maxRows];
    return (await this.#database.query<{ rowNumber: number; row: SalaryRow | null }>(READ_ROWS, values)).rows;
  }

  async isComplete(fileId: string): Promise<boolean> {
    const { rowCount } = await this.#database.query(IS_COMPLETE, [fileId]);
    return rowCount === 1;
  }

  async removeRows(fileId: string): Promise<void> {
    await this.#underLock(fileId, async (client, method, isCurrent) => {
      if (!isCurrent) await removeRows(client, method, fileId);
    });
  }

  async reload(fileId: string, keepsRows: boolean): Promise<void> {
    await this.#underLock(fileId, async (client, method, isCurrent) => {
      if (!isCurrent) return;
      if (!keepsRows) await removeRows(client, method, fileId);
      await client.query(ALLOW_LONG_STATEMENTS);
      await client.query(COUNT_AGAIN, [fileId]);
      // When only the counts were wrong, no row is missing.
      if (keepsRows) await completeFiles(client, [fileId]);
    });
  }

  async repairTotals(): Promise<number> {
    return this.#database.transaction(async (client) => {
      await client.query(ALLOW_LONG_STATEMENTS);
      await client.query(LOCK_TOTALS);
      return (await client.query<{ count: number }>(REPAIR_TOTALS)).rows[0]?.count ?? 0;
    });
  }

  async #underLock(
    fileId: string,
    work: (client: PoolClient, method: WriteMethod, isCurrent: boolean) => Promise<void>,
  ): Promise<void> {
    await this.#withWriteMethod((method) =>
      this.#database.transaction(async (client) => {
        const { rows } = await client.query<{ current_file_id: string | null }>(LOCK_KEY, [fileId]);
        await work(client, method, rows[0]?.current_file_id === fileId);
      }),
    );
  }
}
