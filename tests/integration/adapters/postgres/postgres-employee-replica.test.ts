import pg from 'pg';
import { Database } from '../../../../functions/adapters/postgres/database.ts';
import {
  EMPLOYEE_REPLICA_SESSION,
  PostgresEmployeeReplica,
} from '../../../../functions/adapters/postgres/postgres-employee-replica.ts';
import type { Employee, EmployeeChange } from '../../../../functions/core/employee-change.ts';
import { describeEmployeeReplica } from '../../../contract/employee-replica.ts';
import { describeEmployeeReplicaRefusals, SWEEP_STEP_ROWS } from '../../../contract/employee-replica-refusals.ts';
import { applyMigrations } from '../../../support/cdc/resources.ts';
import { eventually } from '../../../support/eventually.ts';
import { createDatabase } from '../../../support/servers.ts';

async function openReplicaDatabase() {
  const url = await createDatabase('target');
  await applyMigrations(url, 'target');
  const settings = { url, applicationName: 'test', sessionSettings: EMPLOYEE_REPLICA_SESSION, maxConnections: 4 };
  return { url, database: await Database.open(settings) };
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
describeEmployeeReplicaRefusals('PostgresEmployeeReplica', makeReplica);

describe('PostgresEmployeeReplica', () => {
  let database: Database;
  beforeEach(async () => {
    ({ database } = await openReplicaDatabase());
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
