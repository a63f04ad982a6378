import { Database } from '../../../../functions/adapters/postgres/database.ts';
import { PostgresCaptureBacklog } from '../../../../functions/adapters/postgres/postgres-capture-backlog.ts';
import { PostgresDeadLetterView } from '../../../../functions/adapters/postgres/postgres-dead-letter-view.ts';
import { PostgresSalaryView } from '../../../../functions/adapters/postgres/postgres-salary-view.ts';
import { createMigratedDatabase } from '../../../support/migrated-database.ts';
import { actAs } from '../../../support/database-user.ts';

async function open(side: 'source' | 'target', statementTimeoutMs = 5_000): Promise<Database> {
  const url = await createMigratedDatabase(side);
  return Database.open({ url, applicationName: 'test', maxConnections: 2, statementTimeoutMs });
}

describe('PostgresSalaryView', () => {
  let database: Database;
  let view: PostgresSalaryView;

  beforeAll(async () => {
    database = await open('target');
    view = new PostgresSalaryView(actAs(database, 'dashboard'));
    await database.query(
      `insert into department_employee_salary values ('CIT', 9223372036854775807, 2), ('ECC', 5, 1)`,
    );
    await database.query(
      `insert into ingested_key (bucket, key) select 'b', 'day-' || day || '.csv' from generate_series(1, 9) day`,
    );
    await database.query(
      `insert into ingested_file (bucket, key, version, etag, size_bytes, state, read, filtered_out, sent, heartbeat_at)
       select 'b', 'day-' || day || '.csv', '1', 'e', 1, case when day >= 7 then 'loading' else 'complete' end, 10, 7, 3,
         clock_timestamp() + case day when 8 then interval '-1 minute' when 7 then interval '1 hour' else interval '0' end
       from generate_series(1, 9) day`,
    );
  });

  afterAll(() => database.close());

  it('has the totals with every digit, the newest files, and those that are loading', async () => {
    const { totals, newest, loading, standing } = await view.overview(3);
    expect(totals).toEqual([
      { department: 'CIT', totalSalary: '9223372036854775807', employees: '2' },
      { department: 'ECC', totalSalary: '5', employees: '1' },
    ]);
    expect(newest.map(({ key }) => key)).toEqual(['day-9.csv', 'day-8.csv', 'day-7.csv']);
    expect(newest[0]).toMatchObject({ state: 'loading', read: 10, filteredOut: 7, sent: 3, finishedAt: null });
    expect(newest[0]?.startedAt).toBeInstanceOf(Date);
    expect(loading).toBe(3);
    // The heartbeat of day 7 is from before the clock was set back.
    expect(standing.map(({ key }) => key)).toEqual(['day-8.csv', 'day-7.csv']);
  });

  it('finds files by a part of their key, whatever the case, and takes it as text', async () => {
    const keysOf = async (text: string) => (await view.findFiles(text, 2)).map(({ key }) => key);
    expect(await keysOf('DAY-4')).toEqual(['day-4.csv']);
    expect(await keysOf('')).toEqual(['day-9.csv', 'day-8.csv']);
    expect(await keysOf('%')).toEqual([]);
  });
});

describe('PostgresDeadLetterView', () => {
  let database: Database;
  let view: PostgresDeadLetterView;

  beforeAll(async () => {
    database = await open('target');
    view = new PostgresDeadLetterView(actAs(database, 'dashboard'));
    await database.query(
      `insert into dead_letter (dlq_id, topic, kafka_partition, kafka_offset, code, reason, record_key, file_key, origin,
         cut, first_at, last_at, attempts, state)
       select 'employee-changes/0/' || n, 'employee-changes.dead-letter', 0, n, case when n <= 4 then 'PIPE_A' else 'PIPE_B' end,
         'reason ' || n, 'key ' || n, case when n = 6 then 'a.csv' end, '{}', false, clock_timestamp() - n * interval '1 hour',
         clock_timestamp() - n * interval '20 minutes', 1,
         (array['open', 'open', 'parked', 'resolved', 'redriven', 'open'])[n]
       from generate_series(1, 6) n`,
    );
    await database.query(
      `insert into redrive (filter, note, claimed, state) values ('{}', 'first', 1, 'complete'), ('{}', 'second', 2, 'running')`,
    );
  });

  afterAll(() => database.close());

  it('counts what waits by code, with the newest of each, and has the latest redrives', async () => {
    const { groups, redrives } = await view.overview();
    expect(groups).toEqual([
      expect.objectContaining({
        ...{ code: 'PIPE_A', open: 2, redriven: 0, parked: 1, lastHour: 2 },
        ...{ sampleId: 'employee-changes/0/1', sampleReason: 'reason 1' },
      }),
      expect.objectContaining({ code: 'PIPE_B', open: 1, redriven: 1, parked: 0, sampleId: 'employee-changes/0/5' }),
    ]);
    const [first] = groups;
    expect((first?.lastAt.getTime() ?? 0) - (first?.firstAt.getTime() ?? 0)).toBeGreaterThan(2 * 3_600_000);
    expect(redrives.map(({ note, claimed }) => [note, claimed])).toEqual([
      ['second', 2],
      ['first', 1],
    ]);
  });
});

describe('PostgresCaptureBacklog', () => {
  it('counts the changes since a position, and the age of the oldest', async () => {
    const database = await open('source');
    try {
      const backlog = new PostgresCaptureBacklog(actAs(database, 'dashboard'));
      const { rows } = await database.query<{ now: string }>('select pg_current_snapshot()::text as now');
      const since = rows[0]?.now ?? '';
      expect(await backlog.read(since)).toEqual({ changes: 0, isMore: false, oldestAgeMs: null });
      await database.query(`insert into employees (first_name) select 'a' from generate_series(1, 3)`);
      const { changes, isMore, oldestAgeMs } = await backlog.read(since);
      expect([changes, isMore]).toEqual([3, false]);
      expect(oldestAgeMs).toBeGreaterThan(0);
      await database.query(`insert into employees (first_name) select 'a' from generate_series(1, 10_000)`);
      expect(await backlog.read(since)).toMatchObject({ changes: 10_000, isMore: true });
      await database.query(`update emp_cdc set changed_at = changed_at + interval '1 day'`);
      // The clock of the source was set back since.
      expect(await backlog.read(since)).toMatchObject({ oldestAgeMs: 0 });
      expect(await backlog.read(null)).toEqual({ changes: 0, isMore: false, oldestAgeMs: null });
    } finally {
      await database.close();
    }
  });
});

describe('a statement timeout', () => {
  it('ends what is slow', async () => {
    const database = await open('target', 50);
    try {
      await expect(database.query('select pg_sleep(5)')).rejects.toMatchObject({ code: '57014' });
    } finally {
      await database.close();
    }
  });
});
