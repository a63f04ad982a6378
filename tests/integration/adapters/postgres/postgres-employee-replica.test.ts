import pg from 'pg';
import { Database } from '../../../../functions/adapters/postgres/database.ts';
import {
  EMPLOYEE_REPLICA_SESSION,
  PostgresEmployeeReplica,
} from '../../../../functions/adapters/postgres/postgres-employee-replica.ts';
import type { Employee, EmployeeChange } from '../../../../functions/core/employee-change.ts';
import { describeEmployeeReplica } from '../../../contract/employee-replica.ts';
import { describeEmployeeReplicaAtOnce } from '../../../contract/employee-replica-at-once.ts';
import { describeEmployeeReplicaRefusals, SWEEP_STEP_ROWS } from '../../../contract/employee-replica-refusals.ts';
import { describeTombstoneStore } from '../../../contract/tombstone-store.ts';
import { eventually } from '../../../support/eventually.ts';
import { createMigratedDatabase } from '../../../support/migrated-database.ts';

async function openReplicaDatabase() {
  const url = await createMigratedDatabase('target');
  const settings = { url, applicationName: 'test', sessionSettings: EMPLOYEE_REPLICA_SESSION, maxConnections: 4 };
  return { url, database: await Database.open(settings), reopen: () => Database.open(settings) };
}

const EMPLOYEES = `select emp_id as "empId", first_name as "firstName", last_name as "lastName", dob::text as dob, city,
  salary from employees order by emp_id`;

async function makeReplica() {
  const { url, database } = await openReplicaDatabase();
  const observer = new pg.Client({ connectionString: url });
  await observer.connect();
  const lockWaits = () =>
    observer.query(`select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`);
  return {
    replica: new PostgresEmployeeReplica(database, { sweepStepRows: SWEEP_STEP_ROWS }),
    employees: async () => (await observer.query<Employee>(EMPLOYEES)).rows,
    insertWithoutVersion: async (empId: number) => {
      await observer.query('insert into employees (emp_id) values ($1)', [empId]);
    },
    refuseSalary: async (salary: number) => {
      await observer.query(`alter table employees add check (salary <> ${salary})`);
    },
    age: async (days: number) => {
      await observer.query('update employee_version set applied_at = applied_at - make_interval(days => $1)', [days]);
    },
    untilLockWaited: async () => void (await eventually(async () => (await lockWaits()).rowCount)),
    close: async () => {
      await Promise.all([observer.end(), database.close()]);
    },
  };
}

describeEmployeeReplica('PostgresEmployeeReplica', makeReplica);
describeEmployeeReplicaAtOnce('PostgresEmployeeReplica', makeReplica);
describeEmployeeReplicaRefusals('PostgresEmployeeReplica', makeReplica);
describeTombstoneStore('PostgresEmployeeReplica', makeReplica);

describe('PostgresEmployeeReplica', () => {
  let database: Database;
  let reopen: () => Promise<Database>;
  beforeEach(async () => {
    ({ database, reopen } = await openReplicaDatabase());
  });
  afterEach(() => database.close());

  const change = (empId: number, changeId: number): EmployeeChange => ({
    ...{ epoch: 1n, changeId: BigInt(changeId), action: 'UPDATE' },
    employee: { empId, firstName: null, lastName: null, dob: null, city: null, salary: changeId },
  });

  it('applies concurrent batches with opposite orders of employees without a deadlock', async () => {
    const replica = new PostgresEmployeeReplica(database);
    const ids = Array.from({ length: 200 }, (_, index) => index + 1);
    await Promise.all(
      Array.from({ length: 12 }, (_, round) => {
        const order = round % 2 === 0 ? ids : [...ids].reverse();
        const changes = order.map((empId) => change(empId, round + 1));
        return replica.transaction('shared', [], (transaction) => transaction.apply(changes));
      }),
    );
    const { rows } = await database.query<{ salary: number }>('select distinct salary from employees');
    expect(rows).toEqual([{ salary: 12 }]);
  });

  it.each(['default_transaction_read_only = on', `default_transaction_isolation = 'repeatable read'`])(
    'applies a batch in steps where the database has %s',
    async (setting) => {
      await database.query(`do $$ begin execute format('alter database %I set ${setting.replaceAll("'", "''")}',
        current_database()); end $$`);
      await database.close();
      database = await reopen();
      const replica = new PostgresEmployeeReplica(database);
      expect(await replica.applyAtOnce([change(1, 1)], [])).toBeUndefined();
      expect(await replica.transaction('shared', [], (transaction) => transaction.apply([change(1, 1)]))).toBe(1);
    },
  );

  it('applies a batch in steps where the function of the migration is missing, or a trigger suppresses a write', async () => {
    const replica = new PostgresEmployeeReplica(database);
    await database.query(`create function suppress() returns trigger language plpgsql as 'begin return null; end'`);
    await database.query(
      'create trigger suppress before insert or delete on employees for each row execute function suppress()',
    );
    expect(await replica.applyAtOnce([change(1, 1)], [])).toBeUndefined();
    await database.query('drop trigger suppress on employees');
    await database.query('drop function apply_employee_changes');
    expect(await replica.applyAtOnce([change(1, 1)], [])).toBeUndefined();
  });

  describe('deleting tombstones', () => {
    let replica: PostgresEmployeeReplica;
    beforeEach(async () => {
      replica = new PostgresEmployeeReplica(database);
      await replica.applyAtOnce([{ ...change(1, 1), action: 'DELETE' }], []);
    });

    const clean = async () => {
      await database.query('update tombstone_clock set moved_at = null');
      return (await replica.deleteTombstones((await replica.claimCleaning(31)) as Date)).deleted;
    };
    /** What the clock of tombstones shows, and the greatest time that it has shown. */
    const setClocks = (showsAgo: string, latestAgo: string) =>
      database.query(
        `update tombstone_clock set shows_at = clock_timestamp() - $1::interval,
        latest_at = clock_timestamp() - $2::interval`,
        [showsAgo, latestAgo],
      );
    const setTombstone = (ago: string) =>
      database.query('update employee_version set applied_at = clock_timestamp() - $1::interval', [ago]);

    it('deletes none that is a few days old when the clock of the server is set a year ahead', async () => {
      await setTombstone('1 year 3 days');
      await setClocks('1 year', '1 year');
      expect(await clean()).toBe(0);
      // Years later.
      await setClocks('0', '0');
      expect(await clean()).toBe(1);
    });

    it('deletes old ones again when the clock of the server was set back by years, but none of that time', async () => {
      await setTombstone('26 years');
      await setClocks('26 years', '30 days');
      expect(await clean()).toBe(0);
      await setClocks('26 years', '32 days');
      expect(await clean()).toBe(1);
    });

    it('deletes a backlog in steps', async () => {
      await database.query(`insert into employee_version (emp_id, epoch, change_id, deleted, applied_at)
        select id, 1, 1, true, clock_timestamp() - interval '1 year' from generate_series(2, 10002) as id`);
      const limit = new Date();
      await setTombstone('1 year');
      expect(await replica.deleteTombstones(limit)).toEqual({ deleted: 10_000, isComplete: false });
      expect(await replica.deleteTombstones(limit)).toEqual({ deleted: 2, isComplete: true });
    });
  });

  it('lets the server end a transaction whose process is frozen', async () => {
    const replica = new PostgresEmployeeReplica(database, { idleTimeoutMs: 500 });
    const frozen = replica.transaction('shared', [], async () => {
      await eventually(async () => {
        const { rowCount } = await database.query(
          `select from pg_stat_activity where datname = current_database() and state = 'idle in transaction'`,
        );
        return rowCount === 0;
      });
    });
    await expect(frozen).rejects.toThrow(/connection|ECONNRESET|EPIPE/i);
  });
});
