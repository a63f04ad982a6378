import pg from 'pg';
import { Database } from '../../functions/adapters/postgres/database.ts';
import { assertUtf8 } from '../../functions/adapters/postgres/encoding.ts';
import {
  CHANGE_SOURCE_SESSION,
  PostgresChangeSource,
} from '../../functions/adapters/postgres/postgres-change-source.ts';
import {
  EMPLOYEE_REPLICA_SESSION,
  PostgresEmployeeReplica,
} from '../../functions/adapters/postgres/postgres-employee-replica.ts';
import type { Progress } from '../../functions/core/change-position.ts';
import type { EmployeeChange } from '../../functions/core/employee-change.ts';
import { ChangeReader } from '../../functions/poll-changes/change-reader.ts';
import { applyMigrations } from '../support/cdc/pipeline.ts';
import { eventually } from '../support/eventually.ts';
import { createDatabase, endpoints, uniqueName } from '../support/servers.ts';

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map((each) => each.close()));
});

async function open(url: string, sessionSettings: Record<string, string>): Promise<Database> {
  const database = await Database.open({ url, applicationName: 'test', sessionSettings, maxConnections: 4 });
  opened.push(database);
  return database;
}

describe('what was captured', () => {
  let database: Database;
  let capture: PostgresChangeSource;
  beforeEach(async () => {
    const url = await createDatabase('source');
    await applyMigrations(url, 'source');
    database = await open(url, CHANGE_SOURCE_SESSION);
    capture = new PostgresChangeSource(database);
  });

  const snapshotNow = async () =>
    (await database.query<{ now: string }>('select pg_current_snapshot()::text as now')).rows[0]?.now ?? '';
  const kept = async () =>
    (await database.query<{ emp_id: number }>('select emp_id from emp_cdc order by cdc_id')).rows.map(
      ({ emp_id }) => emp_id,
    );

  it('is purged when it is older than its time and the saved position has seen it', async () => {
    await database.query(`insert into emp_cdc (emp_id, action, changed_at)
      values (1, 'DELETE', now() - interval '3 hours'), (2, 'DELETE', now() - interval '1 hour')`);
    const saved = await snapshotNow();
    await database.query(`insert into emp_cdc (emp_id, action, changed_at)
      values (3, 'DELETE', now() - interval '3 hours')`);
    expect(await capture.purge(saved, 2)).toBe(1);
    expect(await kept()).toEqual([2, 3]);
    expect(await capture.purge(await snapshotNow(), 0)).toBe(2);
  });

  it('is purged however much it is, and though some of it has to stay for ever', async () => {
    await database.query(`insert into emp_cdc (emp_id, action, changed_at) values (-1, 'x', 'infinity')`);
    await database.query(`insert into emp_cdc (emp_id, action, changed_at)
      select n, 'DELETE', now() - interval '1 day' from generate_series(1, 3500) n`);
    expect(await capture.purge(await snapshotNow(), 2)).toBe(3_500);
    expect(await kept()).toEqual([-1]);
  });

  it('is drained page by page though somebody gave changes the least and the greatest id there is', async () => {
    const since = await snapshotNow();
    const pages = 2;
    await database.query(
      `insert into emp_cdc (cdc_id, emp_id, action)
         values (-9223372036854775808, 1, 'DELETE'), (9223372036854775807, 2, 'DELETE')`,
    );
    await database.query(
      `insert into emp_cdc (emp_id, action) select n, 'DELETE' from generate_series(3, ${pages * capture.pageSize}) n`,
    );
    const { systemIdentifier, saveNumber, serverStartedAt } = await capture.identify();
    let progress: Progress = { phase: 'stream', since, page: null };
    const reader = new ChangeReader(capture, { systemIdentifier, saveNumber, epoch: 1n, progress }, serverStartedAt, 1);
    const keys: (string | null)[] = [];
    for (let hasMore = true; hasMore; ) {
      const reading = await reader.read(progress);
      keys.push(...reading.records.map(({ key }) => key as string | null));
      ({ progress, hasMore } = reading);
    }
    expect(keys).toHaveLength(pages * capture.pageSize);
    expect([keys[0], keys.at(-1), new Set(keys).size]).toEqual(['1', '2', keys.length]);
  });

  it('is not to be read from a database that cannot hold every text', async () => {
    const admin = new pg.Client({ connectionString: endpoints().sourceDatabaseUrl });
    await admin.connect();
    const name = uniqueName('ascii').replaceAll('-', '_');
    await admin.query(`create database ${name} encoding 'SQL_ASCII' template template0 locale 'C'`);
    await admin.end();
    const url = new URL(endpoints().sourceDatabaseUrl);
    url.pathname = name;
    await expect(assertUtf8(await open(url.href, {}), 'source')).rejects.toMatchObject({
      code: 'PIPE_CONFIG',
      message: expect.stringContaining('SQL_ASCII'),
    });
    await assertUtf8(database, 'source');
  });
});

describe('a replica', () => {
  let database: Database;
  let replica: PostgresEmployeeReplica;
  beforeEach(async () => {
    const url = await createDatabase('target');
    await applyMigrations(url, 'target');
    database = await open(url, EMPLOYEE_REPLICA_SESSION);
    replica = new PostgresEmployeeReplica(database);
  });

  const change = (empId: number, changeId: number, action: EmployeeChange['action'] = 'UPDATE'): EmployeeChange => ({
    epoch: 1n,
    changeId: BigInt(changeId),
    action,
    employee: { empId, firstName: null, lastName: null, dob: null, city: null, salary: changeId },
  });
  const apply = (changes: readonly EmployeeChange[]) =>
    replica.transaction('shared', (transaction) => transaction.apply(changes));
  const salaries = async () =>
    (await database.query<{ emp_id: number; salary: number }>('select emp_id, salary from employees order by 1')).rows;

  it('takes nothing that is not newer, a deletion included', async () => {
    expect(await apply([change(1, 5), change(2, 6)])).toBe(2);
    expect(await apply([change(1, 4), change(2, 7, 'DELETE')])).toBe(1);
    expect(await apply([change(1, 5), change(2, 6)])).toBe(0);
    expect(await salaries()).toEqual([{ emp_id: 1, salary: 5 }]);
  });

  it('is not turned back by an attempt that was given up and goes on behind its successor', async () => {
    const held = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const late = replica.transaction('shared', async (transaction) => {
      locked.resolve();
      await held.promise;
      return transaction.apply([change(1, 1), change(2, 2)]);
    });
    await locked.promise;
    expect(await apply([change(1, 11), change(2, 12)])).toBe(2);
    held.resolve();
    expect(await late).toBe(0);
    expect(await salaries()).toEqual([
      { emp_id: 1, salary: 11 },
      { emp_id: 2, salary: 12 },
    ]);
  });

  it('lets nobody in while the watermark is raised, and keeps what is above it', async () => {
    await apply([change(1, 1), change(2, 9)]);
    const held = Promise.withResolvers<void>();
    const locked = Promise.withResolvers<void>();
    const raising = replica.transaction('exclusive', async (transaction) => {
      locked.resolve();
      await held.promise;
      await transaction.raiseWatermark({ epoch: 1n, changeId: 5n });
    });
    await locked.promise;
    let isThrough = false;
    const waiting = replica.transaction('shared', async ({ watermark }) => {
      isThrough = true;
      return watermark;
    });
    await eventually(
      async () => {
        const { rowCount } = await database.query(
          `select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`,
        );
        return (rowCount ?? 0) > 0;
      },
      { what: 'the other batch to wait' },
    );
    expect(isThrough).toBe(false);
    held.resolve();
    await raising;
    expect(await waiting).toEqual({ epoch: 1n, changeId: 5n });
    expect(await salaries()).toEqual([{ emp_id: 2, salary: 9 }]);
  });

  it('has batches that meet in opposite order apply, and not wait for each other', async () => {
    const ids = Array.from({ length: 200 }, (_, index) => index + 1);
    await Promise.all(
      Array.from({ length: 12 }, (_, round) =>
        apply((round % 2 === 0 ? ids : [...ids].reverse()).map((empId) => change(empId, round + 1))),
      ),
    );
    expect(new Set((await salaries()).map(({ salary }) => salary))).toEqual(new Set([12]));
  });

  it('forgets deletions when they are old, and nothing else', async () => {
    await apply([change(1, 1), change(2, 2, 'DELETE'), change(3, 3, 'DELETE')]);
    await database.query(`update employee_version set applied_at = now() - interval '32 days' where emp_id <> 3`);
    expect(await replica.deleteTombstones(31)).toBe(1);
    const { rows } = await database.query<{ emp_id: number }>('select emp_id from employee_version order by 1');
    expect(rows).toEqual([{ emp_id: 1 }, { emp_id: 3 }]);
  });

  it('ends a transaction of a process that no longer moves', async () => {
    const impatient = new PostgresEmployeeReplica(database, 500);
    await expect(
      impatient.transaction('shared', async () => {
        await eventually(
          async () => {
            const { rowCount } = await database.query(
              `select from pg_stat_activity where datname = current_database() and state = 'idle in transaction'`,
            );
            return rowCount === 0;
          },
          { what: 'the server to end the transaction', everyMs: 50 },
        );
      }),
    ).rejects.toThrow(/connection|ECONNRESET|EPIPE/i);
  });
});
