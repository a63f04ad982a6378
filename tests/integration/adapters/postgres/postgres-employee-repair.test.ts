import pg from 'pg';
import { Database } from '../../../../functions/adapters/postgres/database.ts';
import { PostgresEmployeeRepair } from '../../../../functions/adapters/postgres/postgres-employee-repair.ts';
import { eventually } from '../../../support/eventually.ts';
import { createMigratedDatabase } from '../../../support/migrated-database.ts';
import { actAs } from '../../../support/database-user.ts';

describe('PostgresEmployeeRepair', () => {
  let database: Database;
  let writer: pg.Client;
  let repair: PostgresEmployeeRepair;

  beforeEach(async () => {
    const url = await createMigratedDatabase('source');
    database = await Database.open({ url, applicationName: 'test-repair', maxConnections: 3 });
    writer = new pg.Client({ connectionString: url });
    await writer.connect();
    repair = new PostgresEmployeeRepair(actAs(database, 'verify-replica'));
    await database.query(`insert into employees (emp_id, first_name, salary) values (1, 'Ada', 5), (2, 'Bob', 6)`);
  });
  afterEach(async () => {
    await writer.end();
    await database.close();
  });

  const captured = async () =>
    (
      await database.query<{ change: string }>(
        `select concat_ws(' ', action, emp_id, first_name, salary) as change from emp_cdc order by cdc_id`,
      )
    ).rows
      .map(({ change }) => change)
      .slice(2);

  it('captures rows that are there as updates, and deletions of those that are not', async () => {
    const images = await repair.publishImages([2, 3, 1]);
    expect(images).toMatchObject({ count: 2 });
    expect(await repair.publishDeletions([1, 3])).toEqual({ count: 1, lastChangeId: (images.lastChangeId ?? 0n) + 1n });
    expect(await captured()).toEqual(['UPDATE 1 Ada 5', 'UPDATE 2 Bob 6', 'DELETE 3']);
  });

  it('leaves out a row that is being written, without waiting for its writer', async () => {
    await writer.query('begin; update employees set salary = 7 where emp_id = 1');
    expect(await repair.publishImages([1, 2])).toMatchObject({ count: 1 });
    await writer.query('commit');
    expect(await captured()).toEqual(['UPDATE 1 Ada 7', 'UPDATE 2 Bob 6']);
  });

  it('captures no deletion of a row whose insert had drawn its id before, and lets writers go on meanwhile', async () => {
    await writer.query(`begin; insert into employees (emp_id, first_name) values (3, 'Eve')`);
    const deletions = repair.publishDeletions([3, 4]);
    const isTrying = async () =>
      (await database.query(`select from pg_locks where mode = 'ShareLock' and not granted`)).rowCount === 1;
    await eventually(isTrying, { what: 'the lock of the table to be waited for', everyMs: 5 });
    await database.query('update employees set salary = 8 where emp_id = 2');
    await writer.query('commit');
    expect(await deletions).toMatchObject({ count: 1 });
    expect((await captured()).toSorted()).toEqual(['DELETE 4', 'INSERT 3 Eve', 'UPDATE 2 Bob 8']);
  });

  it('captures no deletion while a writer keeps the table locked, and gives up after a time', async () => {
    await writer.query(`begin; insert into employees (emp_id, first_name) values (3, 'Eve')`);
    const impatient = new PostgresEmployeeRepair(actAs(database, 'verify-replica'), { lockLimitMs: 150 });
    expect(await impatient.publishDeletions([4])).toBeNull();
    await writer.query('rollback');
    expect(await repair.publishDeletions([4])).toMatchObject({ count: 1 });
  });
});
