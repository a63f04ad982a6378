import fc from 'fast-check';
import { Database } from '../../functions/adapters/postgres/database.ts';
import { PostgresIngestionLedger } from '../../functions/adapters/postgres/postgres-ingestion-ledger.ts';
import { PostgresSalaryTables } from '../../functions/adapters/postgres/postgres-salary-tables.ts';
import type { FileArrival } from '../../functions/core/ingestion.ts';
import type { KafkaRecord } from '../../functions/core/kafka-record.ts';
import { createSalaryRecordEncoder } from '../../functions/core/salary-record.ts';
import { SalaryLoader } from '../../functions/load-salaries/salary-loader.ts';
import {
  arrivalOf,
  countsOf,
  createSalaryDatabase,
  fileOf,
  salaryOf,
  totalsOf,
  wrongTotals,
} from '../support/salary-database.ts';

let database: Database;
let url: string;
let ledger: PostgresIngestionLedger;
let tables: PostgresSalaryTables;

beforeAll(async () => {
  ({ database, url } = await createSalaryDatabase(16));
  ledger = new PostgresIngestionLedger(database);
  tables = new PostgresSalaryTables(database);
});

afterEach(async () => {
  expect(await wrongTotals(database)).toEqual([]);
  await clear();
});

afterAll(() => database.close());

const clear = () =>
  database.query('truncate ingested_key, ingested_file, department_employee, department_employee_salary, refused_row');
const latest = async () => true;

async function begin(file: FileArrival): Promise<FileArrival> {
  await ledger.register(file, latest);
  await ledger.takeOver(file, latest);
  return file;
}

const rowsOf = (file: FileArrival, from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, index) => salaryOf(file, from + index));

describe('a batch', () => {
  it('that comes again changes nothing', async () => {
    const file = await begin(arrivalOf('a.csv', '1'));
    const batch = rowsOf(file, 1, 10);
    expect(await tables.load(batch)).toEqual({ loaded: 10, skipped: 0, unregistered: [] });
    expect(await tables.load(batch)).toEqual({ loaded: 0, skipped: 10, unregistered: [] });
    expect(await tables.load(rowsOf(file, 5, 12))).toEqual({ loaded: 2, skipped: 6, unregistered: [] });
    expect(await fileOf(database, 'a.csv', '1')).toMatchObject({ loaded: 12 });
  });

  it('that holds a row twice counts it once', async () => {
    const file = await begin(arrivalOf('a.csv', '1'));
    expect(await tables.load([salaryOf(file, 1), salaryOf(file, 1)])).toMatchObject({ loaded: 1, skipped: 1 });
    expect(await totalsOf(database)).toEqual({ EMS: 1_001 });
  });

  it('counts equal rows of one file as different employees', async () => {
    const file = await begin(arrivalOf('a.csv', '1'));
    await tables.load([salaryOf(file, 1, { salary: 5 }), salaryOf(file, 2, { salary: 5 })]);
    expect(await totalsOf(database)).toEqual({ EMS: 10 });
  });

  it('may hold rows of several files, versions and departments', async () => {
    const a = await begin(arrivalOf('a.csv', '1'));
    const b = await begin(arrivalOf('b.csv', '1'));
    const old = arrivalOf('c.csv', '1');
    await begin(old);
    await begin(arrivalOf('c.csv', '2'));
    const outcome = await tables.load([
      salaryOf(b, 1, { department: 'ECC', salary: 1 }),
      salaryOf(a, 1, { department: 'CIT', salary: 2 }),
      salaryOf(old, 1),
      salaryOf(a, 2, { department: 'ECC', salary: 4 }),
    ]);
    expect(outcome).toEqual({ loaded: 3, skipped: 1, unregistered: [] });
    expect(await totalsOf(database)).toEqual({ CIT: 2, ECC: 5 });
  });

  it('names the records of files that nobody has registered, and loads the rest', async () => {
    const file = await begin(arrivalOf('a.csv', '1'));
    const stray = salaryOf({ key: 'never.csv', version: '1' }, 1);
    expect(await tables.load([salaryOf(file, 1), stray])).toEqual({ loaded: 1, skipped: 0, unregistered: [stray] });
  });

  it('holds totals beyond 32 bits', async () => {
    const file = await begin(arrivalOf('a.csv', '1'));
    await tables.load([1, 2, 3].map((row) => salaryOf(file, row, { salary: 2_147_483_647 })));
    expect(await totalsOf(database)).toEqual({ EMS: 6_442_450_941 });
  });

  it('counts once when its twin runs at the same time', async () => {
    const file = await begin(arrivalOf('a.csv', '1'));
    const batch = rowsOf(file, 1, 500);
    const outcomes = await Promise.all(Array.from({ length: 6 }, () => tables.load(batch)));
    expect(outcomes.reduce((sum, { loaded }) => sum + loaded, 0)).toBe(500);
    expect(await fileOf(database, 'a.csv', '1')).toMatchObject({ loaded: 500 });
  });

  it('waits for a newer version that is taking over, and then counts no more', async () => {
    const older = await begin(arrivalOf('a.csv', '1'));
    const newer = arrivalOf('a.csv', '2');
    await ledger.register(newer, latest);
    let loading: Promise<unknown> = Promise.resolve();
    await database.transaction(async (client) => {
      await client.query(`select from ingested_key where key = 'a.csv' for update`);
      loading = tables.load([salaryOf(older, 1)]);
      await untilWaiting(1);
      await client.query(
        `update ingested_key set current_file_id = (select file_id from ingested_file where version = '2')`,
      );
    });
    expect(await loading).toMatchObject({ loaded: 0, skipped: 1 });
  });

  it('leaves nothing behind when its connection breaks between the insert and the commit', async () => {
    const file = await begin(arrivalOf('a.csv', '1'));
    const batch = rowsOf(file, 1, 50);
    const killed = await Database.open({ url, applicationName: 'to-be-killed' });
    let attempt: Promise<unknown> = Promise.resolve();
    await database.transaction(async (client) => {
      // The totals come last, so whoever waits for them has inserted its rows.
      await client.query(`insert into department_employee_salary values ('EMS', 0, 0)`);
      attempt = new PostgresSalaryTables(killed).load(batch).catch((error: Error) => error);
      await untilWaiting(1);
      await client.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'to-be-killed'`,
      );
      expect(await attempt).toMatchObject({ code: '57P01' });
      await client.query(`delete from department_employee_salary`);
    });
    expect(await totalsOf(database)).toEqual({});
    expect(await fileOf(database, 'a.csv', '1')).toMatchObject({ loaded: 0 });
    // The same instance serves the next attempt with a new connection.
    expect(await new PostgresSalaryTables(killed).load(batch)).toMatchObject({ loaded: 50 });
    await killed.close();
  });

  it('survives that its connection breaks between two statements', async () => {
    const killed = await Database.open({ url, applicationName: 'idle-in-transaction' });
    const attempt = killed.transaction(async (client) => {
      await client.query('select 1');
      const ended = new Promise<void>((resolve) => client.once('end', resolve));
      await database.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'idle-in-transaction'`,
      );
      await ended;
      await client.query('select 2');
    });
    await expect(attempt).rejects.toThrow();
    expect((await killed.query('select 3 as alive')).rows).toEqual([{ alive: 3 }]);
    await killed.close();
  });
});

/** Until so many sessions of this database wait for a lock. */
async function untilWaiting(count: number): Promise<void> {
  for (;;) {
    const { rows } = await database.query<{ waiting: number }>(
      `select count(*)::int as waiting from pg_stat_activity
       where datname = current_database() and wait_event_type = 'Lock'`,
    );
    if ((rows[0]?.waiting ?? 0) >= count) return;
  }
}

describe('a row that the database refuses', () => {
  const letters: { code: string; reason: string }[] = [];
  const deadLetters = {
    publish: async (batch: readonly { code: string; reason: string }[]) => void letters.push(...batch),
  };
  const recordsOf = (file: FileArrival, hireDates: readonly string[]): KafkaRecord[] => {
    const encode = createSalaryRecordEncoder(file);
    return hireDates.map((hireDate, index) => ({
      topic: 'employee-salaries',
      partition: 0,
      offset: String(index),
      timestampMs: 0,
      key: null,
      value: Buffer.from(encode(index + 1, { ...salaryOf(file, index + 1).salary, hireDate })),
    }));
  };

  beforeEach(() => {
    letters.length = 0;
  });

  it('becomes a dead letter alone and is counted once, however often its batch comes', async () => {
    const file = await begin(arrivalOf('a.csv', '1'));
    const loader = new SalaryLoader(tables, deadLetters);
    const records = recordsOf(file, ['2012-05-01', '0000-01-01', '2012-05-03', '2012-05-04', '2012-05-05']);
    expect(await loader.load(records)).toMatchObject({ loaded: 4 });
    expect(letters).toMatchObject([{ code: 'PIPE_ROW_REFUSED', origin: { offset: '1' } }]);
    expect(letters[0]?.reason).toMatch(/SQLSTATE 22/);
    await loader.load(records);
    expect(await fileOf(database, 'a.csv', '1')).toMatchObject({ loaded: 4, refused: 1 });
    expect(await ledger.finish(file, countsOf(5))).toBe('complete');
  });

  it('completes its file when it is the last one', async () => {
    const file = await begin(arrivalOf('a.csv', '1'));
    await ledger.finish(file, countsOf(2));
    await new SalaryLoader(tables, deadLetters).load(recordsOf(file, ['2012-05-01', '0000-01-01']));
    expect(await fileOf(database, 'a.csv', '1')).toMatchObject({ state: 'complete', loaded: 1, refused: 1 });
  });

  it('is not counted when the same row is in the tables already', async () => {
    const file = await begin(arrivalOf('a.csv', '1'));
    await tables.load(rowsOf(file, 1, 2));
    await new SalaryLoader(tables, deadLetters).load(recordsOf(file, ['2012-13-45', '2012-05-01']));
    expect(letters).toHaveLength(1);
    expect(await ledger.finish(file, countsOf(2))).toBe('complete');
    expect(await fileOf(database, 'a.csv', '1')).toMatchObject({ loaded: 2, refused: 0 });
  });

  it('of a version that counts no more is not counted', async () => {
    const older = await begin(arrivalOf('a.csv', '1'));
    await begin(arrivalOf('a.csv', '2'));
    await tables.recordRefused([salaryOf(older, 1)]);
    expect(await fileOf(database, 'a.csv', '1')).toMatchObject({ refused: 0 });
  });

  it('is no reason to run out of time, even when the whole batch is like it', async () => {
    const file = await begin(arrivalOf('a.csv', '1'));
    const load = jest.spyOn(tables, 'load');
    await new SalaryLoader(tables, deadLetters).load(recordsOf(file, Array(500).fill('0000-01-01')));
    expect(letters).toHaveLength(500);
    expect(await fileOf(database, 'a.csv', '1')).toMatchObject({ refused: 500 });
    // What it does is counted, as what that takes is the machine's: halved, and halved again, each row goes along with
    // half as many others each time.
    expect(load.mock.calls.length).toBeLessThan(2 * 500);
    expect(load.mock.calls.reduce((rows, [batch]) => rows + batch.length, 0)).toBeLessThan(500 * 11);
    load.mockRestore();
  });
});

describe('totals', () => {
  const DEPARTMENTS = ['CIT', 'ECC', 'EMS'];

  /** What one of several actors does, one step after the other, while the others do the same. */
  const step = fc.record({
    file: fc.integer({ min: 0, max: 2 }),
    version: fc.integer({ min: 1, max: 3 }),
    action: fc.constantFrom('load', 'load', 'load', 'takeOver', 'refuse', 'finish', 'supersede'),
    first: fc.integer({ min: 1, max: 40 }),
    count: fc.integer({ min: 1, max: 40 }),
  });

  it('equal the sums of their rows at every moment, whatever runs at the same time', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(step, { minLength: 1, maxLength: 12 }), { minLength: 2, maxLength: 6 }),
        async (actors) => {
          await clear();
          let running = true;
          const observer = (async () => {
            let looks = 0;
            for (; running || looks === 0; looks += 1) expect(await wrongTotals(database)).toEqual([]);
          })();
          try {
            await Promise.all(
              actors.map(async (steps) => {
                for (const { file, version, action, first, count } of steps) {
                  const arrival = arrivalOf(`${file}.csv`, String(version));
                  const rows = Array.from({ length: count }, (_, index) =>
                    salaryOf(arrival, first + index, {
                      department: DEPARTMENTS[(first + index) % 3] as string,
                      salary: 100 * version + first + index,
                    }),
                  );
                  await ledger.register(arrival, latest);
                  if (action === 'load') await retryingDeadlocks(() => tables.load(rows));
                  else if (action === 'refuse') await tables.recordRefused([salaryOf(arrival, 100 + first)]);
                  else if (action === 'takeOver') await ledger.takeOver(arrival, latest);
                  else if (action === 'finish') await ledger.finish(arrival, countsOf(count));
                  else await ledger.supersede(arrival);
                }
              }),
            );
          } finally {
            running = false;
            await observer;
          }
          expect(await wrongTotals(database)).toEqual([]);
          const { rows: miscounted } = await database.query(
            `select file.file_id from ingested_file as file join ingested_key on current_file_id = file.file_id
           where file.loaded <> (select count(*) from department_employee as row where row.file_id = file.file_id)
              or file.refused <> (select count(*) from refused_row as row where row.file_id = file.file_id)`,
          );
          expect(miscounted).toEqual([]);
          const { rows: stray } = await database.query(
            `select file_id from department_employee
           where file_id not in (select current_file_id from ingested_key where current_file_id is not null)`,
          );
          expect(stray).toEqual([]);
        },
      ),
      { numRuns: 30 },
    );
  }, 600_000);

  /** Two batches with the same rows in another order may wait for one another; the event source then brings one again. */
  async function retryingDeadlocks<Result>(work: () => Promise<Result>): Promise<Result> {
    for (;;) {
      try {
        return await work();
      } catch (error) {
        if ((error as { code?: string }).code !== '40P01') throw error;
        deadlocks += 1;
      }
    }
  }
  let deadlocks = 0;
  afterAll(() => {
    if (deadlocks > 0) process.stdout.write(`deadlocks between batches: ${deadlocks}\n`);
  });
});
