import { Database } from '../../functions/adapters/postgres/database.ts';
import { PostgresIngestionLedger } from '../../functions/adapters/postgres/postgres-ingestion-ledger.ts';
import { PostgresSalaryTables } from '../../functions/adapters/postgres/postgres-salary-tables.ts';
import { PostgresUnfinishedFiles } from '../../functions/adapters/postgres/postgres-unfinished-files.ts';
import type { FileAccount, SalaryDatabaseUnderTest } from '../contract/salary-database.ts';
import { createMigratedDatabase } from './migrated-database.ts';
import { actAs } from './database-user.ts';

/** Creates a target database with all its tables. */
export async function createSalaryDatabase(maxConnections = 8): Promise<{ database: Database; url: string }> {
  const url = await createMigratedDatabase('target');
  const database = await Database.open({ url, applicationName: 'test', maxConnections });
  return { database, url };
}

/** Deletes everything of the salaries pipeline. */
async function clearSalaryDatabase(database: Database): Promise<void> {
  await database.query(
    'truncate ingested_key, ingested_file, department_employee, department_employee_salary, refused_row',
  );
}

/** The ports on one PostgreSQL database after it was cleared. Use it in one test at a time. */
export async function emptySalaryDatabase(database: Database): Promise<SalaryDatabaseUnderTest> {
  await clearSalaryDatabase(database);
  return portsOn(database, (name) => actAs(database, name));
}

/**
 * The ports on one PostgreSQL database.
 *
 * @param as the database with the privileges of a function; by default those of the owner.
 */
export function portsOn(
  database: Database,
  as: (functionName: string) => Database = () => database,
): SalaryDatabaseUnderTest {
  return {
    ledger: new PostgresIngestionLedger(as('transform-csv')),
    tables: new PostgresSalaryTables(as('load-salaries')),
    unfinishedFiles: (bucket) => new PostgresUnfinishedFiles(as('reconcile-bucket'), bucket),
    totals: () => readTotals(database),
    account: async ({ bucket, key, version }) => {
      const { rows } = await database.query<FileAccount>(
        `select state, read, filtered_out as "filteredOut", rejected, sent, loaded, refused from ingested_file
         where bucket = $1 and key = $2 and version = $3`,
        [bucket, key, version],
      );
      return rows[0];
    },
    countFiles: async () => {
      const { rows } = await database.query<{ count: number }>('select count(*)::int as count from ingested_file');
      return rows[0]?.count ?? 0;
    },
    age: async ({ bucket, key, version }, byMs) => {
      await database.query(
        `update ingested_file set started_at = started_at - make_interval(secs => $4),
           heartbeat_at = heartbeat_at - make_interval(secs => $4)
         where bucket = $1 and key = $2 and version = $3`,
        [bucket, key, version, byMs / 1_000],
      );
    },
  };
}

/** The stored totals by department. */
export async function readTotals(database: Database): Promise<Record<string, number>> {
  const { rows } = await database.query<{ department: string; total_salary: string }>(
    'select department, total_salary from department_employee_salary order by department',
  );
  return Object.fromEntries(rows.map(({ department, total_salary }) => [department, Number(total_salary)]));
}

/** Departments whose stored total is not the sum of their rows, in one snapshot. Must be empty at any moment. */
export async function wrongTotals(database: Database): Promise<readonly object[]> {
  const { rows } = await database.query(
    `select department, total.total_salary, total.employee_count, summed.total, summed.count
     from department_employee_salary as total
     full join (select department, sum(salary) as total, count(*) as count from department_employee group by department)
       as summed using (department)
     where (total.total_salary, total.employee_count) is distinct from (summed.total, summed.count)`,
  );
  return rows;
}
