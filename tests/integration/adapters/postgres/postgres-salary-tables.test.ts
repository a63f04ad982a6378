import { Database } from '../../../../functions/adapters/postgres/database.ts';
import { PostgresSalaryTables } from '../../../../functions/adapters/postgres/postgres-salary-tables.ts';
import { describeReadmittedRows } from '../../../contract/readmitted-rows.ts';
import { arrivalOf, begin, rowsOf, type SalaryDatabaseUnderTest, salaryOf } from '../../../contract/salary-database.ts';
import { describeSalaryTables } from '../../../contract/salary-tables.ts';
import { eventually } from '../../../support/eventually.ts';
import { createSalaryDatabase, emptySalaryDatabase, wrongTotals } from '../../../support/salary-database.ts';

let database: Database;
let url: string;
beforeAll(async () => {
  ({ database, url } = await createSalaryDatabase());
});
afterEach(async () => {
  expect(await wrongTotals(database)).toEqual([]);
});
afterAll(() => database.close());

describeSalaryTables('PostgresSalaryTables', () => emptySalaryDatabase(database));
describeReadmittedRows('PostgresSalaryTables', () => emptySalaryDatabase(database));

describe('PostgresSalaryTables', () => {
  let subject: SalaryDatabaseUnderTest;
  const a1 = arrivalOf('a.csv', '1');
  beforeEach(async () => {
    subject = await emptySalaryDatabase(database);
    await begin(subject, a1);
  });

  /** Resolves when a session of this database waits for a lock. */
  const sessionWaitsForLock = () =>
    eventually(
      async () => {
        const { rows } = await database.query(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return rows.length > 0;
      },
      { what: 'a session that waits for a lock' },
    );

  it('waits for a version that takes over, and then skips the rows of the older one', async () => {
    await subject.ledger.register(arrivalOf('a.csv', '2'), async () => true);
    let loading: Promise<unknown> = Promise.resolve();
    await database.transaction(async (client) => {
      await client.query(`select from ingested_key where key = 'a.csv' for update`);
      loading = subject.tables.load([salaryOf(a1, 1)]);
      await sessionWaitsForLock();
      await client.query(
        `update ingested_key set current_file_id = (select file_id from ingested_file where version = '2')`,
      );
    });
    expect(await loading).toMatchObject({ loaded: 0, skipped: 1 });
  });

  it('leaves nothing when its connection breaks between insert and commit, and works again afterwards', async () => {
    const batch = rowsOf(a1, 1, 50);
    const killed = await Database.open({ url, applicationName: 'to-be-killed' });
    await database.transaction(async (client) => {
      // The totals are written last, so a session that waits for this row has inserted its rows.
      await client.query(`insert into department_employee_salary values ('EMS', 0, 0)`);
      const attempt = new PostgresSalaryTables(killed).load(batch).catch((error: unknown) => error);
      await sessionWaitsForLock();
      await client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'to-be-killed'`,
      );
      expect(await attempt).toMatchObject({ code: '57P01' });
      await client.query('delete from department_employee_salary');
    });
    expect(await subject.totals()).toEqual({});
    expect(await subject.account(a1)).toMatchObject({ loaded: 0 });
    expect(await new PostgresSalaryTables(killed).load(batch)).toMatchObject({ loaded: 50 });
    await killed.close();
  });
});
