import pg from 'pg';
import { Database } from '../../../../functions/adapters/postgres/database.ts';
import {
  CHANGE_SOURCE_SESSION,
  PostgresChangeSource,
} from '../../../../functions/adapters/postgres/postgres-change-source.ts';
import type { Progress } from '../../../../functions/core/change-position.ts';
import { CaptureGapError, ChangeReader } from '../../../../functions/poll-changes/change-reader.ts';
import { describeChangeSource } from '../../../contract/change-source.ts';
import type { SourceTransaction } from '../../../contract/change-source-subject.ts';
import { createMigratedDatabase } from '../../../support/migrated-database.ts';
import { actAs } from '../../../support/database-user.ts';

async function openSource() {
  const url = await createMigratedDatabase('source');
  const settings = { url, applicationName: 'test', sessionSettings: CHANGE_SOURCE_SESSION, maxConnections: 3 };
  const database = await Database.open(settings);
  return { url, database, source: new PostgresChangeSource(actAs(database, 'poll-changes')) };
}

function openTransaction(client: pg.PoolClient): SourceTransaction {
  const end = async (statement: 'commit' | 'rollback') => {
    await client.query(statement);
    client.release();
  };
  return {
    put: async (empId, salary) => {
      // Not `on conflict do update`: an insert that becomes an update uses up a change id.
      const { rowCount } = await client.query('update employees set salary = $2 where emp_id = $1', [empId, salary]);
      if (rowCount === 0) await client.query('insert into employees (emp_id, salary) values ($1, $2)', [empId, salary]);
    },
    insertMany: async (firstEmpId, count) => {
      await client.query('insert into employees (emp_id) select n from generate_series($1::int, $2::int) n', [
        firstEmpId,
        firstEmpId + count - 1,
      ]);
    },
    delete: async (empId) => void (await client.query('delete from employees where emp_id = $1', [empId])),
    truncate: async () => void (await client.query('truncate employees')),
    commit: () => end('commit'),
    rollback: () => end('rollback'),
  };
}

describeChangeSource('PostgresChangeSource', async () => {
  const { url, database, source } = await openSource();
  const writers = new pg.Pool({ connectionString: url, max: 4 });
  return {
    source,
    begin: async () => {
      const client = await writers.connect();
      await client.query('begin');
      return openTransaction(client);
    },
    age: async (hours) => {
      await writers.query('update emp_cdc set changed_at = changed_at - make_interval(hours => $1)', [hours]);
    },
    close: async () => {
      await Promise.all([writers.end(), database.close()]);
    },
  };
});

describe('PostgresChangeSource', () => {
  let database: Database;
  let source: PostgresChangeSource;
  beforeEach(async () => {
    ({ database, source } = await openSource());
  });
  afterEach(() => database.close());

  const snapshotNow = async () =>
    (await database.query<{ now: string }>('select pg_current_snapshot()::text as now')).rows[0]?.now ?? '';

  it('purges all old changes, however many there are, also after one that is never old enough', async () => {
    await database.query(`insert into emp_cdc (emp_id, action, changed_at) values (-1, 'x', 'infinity')`);
    await database.query(`insert into emp_cdc (emp_id, action, changed_at)
      select n, 'DELETE', now() - interval '1 day' from generate_series(1, 3500) n`);
    const start = await snapshotNow();
    expect(await source.purge(start, 2)).toBe(3_500);
    const { rows } = await database.query<{ emp_id: number }>('select emp_id from emp_cdc');
    expect(rows).toEqual([{ emp_id: -1 }]);
    // The purged changes are published, so none is missing.
    expect((await source.inspectCapture(start)).gapReason).toBeNull();
  });

  it.each([
    ['delete from emp_cdc', 'rows of emp_cdc were deleted'],
    ['truncate emp_cdc', 'emp_cdc was truncated'],
    ['delete from emp_cdc where emp_id = 7', null],
    ['set session_replication_role = replica; truncate emp_cdc', 'emp_cdc was truncated'],
  ])('reports that changes may be missing after %s: %s', async (statement, reason) => {
    await database.query('insert into employees (emp_id) values (1)');
    const start = await snapshotNow();
    await database.query(statement);
    expect((await source.inspectCapture(start)).gapReason).toBe(reason);
  });

  it('is read page by page also when changes written by hand have the least and the greatest possible id', async () => {
    const since = await snapshotNow();
    const count = 2 * source.pageSize;
    await database.query(
      `insert into emp_cdc (cdc_id, emp_id, action)
         values (-9223372036854775808, 1, 'DELETE'), (9223372036854775807, 2, 'DELETE')`,
    );
    await database.query(`insert into emp_cdc (emp_id, action) select n, 'DELETE' from generate_series(3, ${count}) n`);
    const { systemIdentifier, saveNumber, serverStartedAt } = await source.identify();
    let progress: Progress = { phase: 'stream', since, page: null };
    const reader = new ChangeReader(source, { systemIdentifier, saveNumber, epoch: 1n, progress }, serverStartedAt, 1);
    const keys: unknown[] = [];
    do {
      const result = await reader.read(progress);
      keys.push(...result.records.map(({ key }) => key));
      ({ progress } = result);
    } while (progress.phase === 'stream' && progress.page !== null);
    expect(keys).toHaveLength(count);
    expect([keys[0], keys.at(-1), new Set(keys).size]).toEqual(['1', '2', count]);
    // Every later id is less than the greatest one, so only another epoch can order them.
    await expect(reader.read(progress)).rejects.toThrow(CaptureGapError);
  });
});
