import type { Database } from '../../functions/adapters/postgres/database.ts';
import { PostgresIngestionLedger } from '../../functions/adapters/postgres/postgres-ingestion-ledger.ts';
import { PostgresSalaryTables } from '../../functions/adapters/postgres/postgres-salary-tables.ts';
import { PostgresUnfinishedFiles } from '../../functions/adapters/postgres/postgres-unfinished-files.ts';
import type { FileArrival } from '../../functions/core/ingestion.ts';
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
let ledger: PostgresIngestionLedger;
let tables: PostgresSalaryTables;

beforeAll(async () => {
  ({ database } = await createSalaryDatabase());
  ledger = new PostgresIngestionLedger(database);
  tables = new PostgresSalaryTables(database);
});

afterEach(async () => {
  expect(await wrongTotals(database)).toEqual([]);
  await database.query(
    'truncate ingested_key, ingested_file, department_employee, department_employee_salary, refused_row',
  );
});

afterAll(() => database.close());

const latest = async () => true;
const outdated = async () => false;
const mustNotAsk = async (): Promise<boolean> => {
  throw new Error('sequencers tell which is newer, so nobody should ask the bucket');
};

async function begin(file: FileArrival, isLatest = mustNotAsk): Promise<string[]> {
  return [await ledger.register(file, isLatest), await ledger.takeOver(file, isLatest)];
}

/** All of a version, from the event to the last row in the tables. */
async function ingest(file: FileArrival, rowCount: number): Promise<string> {
  expect(await begin(file)).toEqual(['loading', 'loading']);
  const rows = Array.from({ length: rowCount }, (_, index) => salaryOf(file, index + 1));
  await tables.load(rows);
  return ledger.finish(file, countsOf(rowCount));
}

describe('a version', () => {
  it('is complete when its end is recorded behind the last row', async () => {
    const file = arrivalOf('a.csv', '1');
    expect(await ingest(file, 3)).toBe('complete');
    expect(await fileOf(database, 'a.csv', '1')).toMatchObject({
      state: 'complete',
      loaded: 3,
      sent: 3,
      finished: true,
    });
    expect(await totalsOf(database)).toEqual({ EMS: 3_006 });
  });

  it('is complete when the last row comes behind its end', async () => {
    const file = arrivalOf('a.csv', '1');
    await begin(file);
    await tables.load([salaryOf(file, 1)]);
    expect(await ledger.finish(file, countsOf(2))).toBe('loading');
    await tables.load([salaryOf(file, 2)]);
    expect(await fileOf(database, 'a.csv', '1')).toMatchObject({ state: 'complete', loaded: 2, finished: true });
  });

  it('is complete at once without a row to keep', async () => {
    expect(await ingest(arrivalOf('a.csv', '1'), 0)).toBe('complete');
    expect(await totalsOf(database)).toEqual({});
  });

  it('is judged once: a repeated event learns what became of it', async () => {
    const file = arrivalOf('a.csv', '1');
    await ingest(file, 2);
    expect(await begin(file)).toEqual(['complete', 'complete']);
    expect(await ledger.finish(file, countsOf(2))).toBe('complete');
    expect(await totalsOf(database)).toEqual({ EMS: 2_003 });
  });

  it('is registered once by twenty events at the same time', async () => {
    const file = arrivalOf('a.csv', '1');
    const states = await Promise.all(Array.from({ length: 20 }, () => begin(file)));
    expect(new Set(states.flat())).toEqual(new Set(['loading']));
    const { rows } = await database.query('select count(*)::int as count from ingested_file');
    expect(rows).toEqual([{ count: 1 }]);
  });

  it('keeps the counts of its end when a late report of progress comes', async () => {
    const file = arrivalOf('a.csv', '1');
    await begin(file);
    await ledger.finish(file, countsOf(2));
    expect(await ledger.reportProgress(file, countsOf(1))).toBe('loading');
    expect(await fileOf(database, 'a.csv', '1')).toMatchObject({ sent: 2 });
  });
});

describe('a newer version of a key', () => {
  it('replaces rows and totals of the older one', async () => {
    await ingest(arrivalOf('a.csv', '1'), 3);
    await ingest(arrivalOf('other.csv', '1'), 1);
    expect(await ingest(arrivalOf('a.csv', '2'), 1)).toBe('complete');
    expect(await fileOf(database, 'a.csv', '1')).toMatchObject({ state: 'superseded' });
    expect(await totalsOf(database)).toEqual({ EMS: 2_002 });
  });

  it('takes a department off the totals that it no longer has', async () => {
    await ingest(arrivalOf('a.csv', '1'), 3);
    await ingest(arrivalOf('a.csv', '2'), 0);
    expect(await totalsOf(database)).toEqual({});
  });

  it('keeps a department whose employees earn nothing', async () => {
    const file = arrivalOf('a.csv', '1');
    await begin(file);
    await tables.load([salaryOf(file, 1, { salary: 0 })]);
    expect(await totalsOf(database)).toEqual({ EMS: 0 });
  });

  it('leaves the tables to the older one until it takes over', async () => {
    await ingest(arrivalOf('a.csv', '1'), 3);
    await ledger.register(arrivalOf('a.csv', '2'), mustNotAsk);
    expect(await totalsOf(database)).toEqual({ EMS: 3_006 });
  });

  it('takes over in the middle of the older one, whose rows then count no more', async () => {
    const older = arrivalOf('a.csv', '1');
    await begin(older);
    await tables.load([salaryOf(older, 1)]);
    const newer = arrivalOf('a.csv', '2');
    await begin(newer);
    expect(await tables.load([salaryOf(older, 2), salaryOf(newer, 1)])).toMatchObject({ loaded: 1, skipped: 1 });
    expect(await ledger.reportProgress(older, countsOf(2))).toBe('superseded');
    expect(await ledger.finish(older, countsOf(2))).toBe('superseded');
    expect(await fileOf(database, 'a.csv', '1')).toMatchObject({ state: 'superseded' });
    expect(await totalsOf(database)).toEqual({ EMS: 1_001 });
  });

  it('wins whichever of the two takes over first', async () => {
    const older = arrivalOf('a.csv', '1');
    const newer = arrivalOf('a.csv', '2');
    expect(await ledger.register(older, mustNotAsk)).toBe('loading');
    expect(await ledger.register(newer, mustNotAsk)).toBe('loading');
    expect(await ledger.takeOver(newer, mustNotAsk)).toBe('loading');
    expect(await ledger.takeOver(older, mustNotAsk)).toBe('superseded');
    expect(await tables.load([salaryOf(older, 1)])).toMatchObject({ loaded: 0, skipped: 1 });
  });

  it('makes an older one that arrives late superseded at once', async () => {
    await ingest(arrivalOf('a.csv', '2'), 1);
    expect(await begin(arrivalOf('a.csv', '1'))).toEqual(['superseded', 'superseded']);
    expect(await totalsOf(database)).toEqual({ EMS: 1_001 });
  });

  it('changes nothing when it holds the same bytes', async () => {
    await ingest(arrivalOf('a.csv', '1'), 2);
    expect(await begin(arrivalOf('a.csv', '2', { eTag: 'etag-1' }))).toEqual(['unchanged', 'unchanged']);
    expect(await fileOf(database, 'a.csv', '1')).toMatchObject({ state: 'complete' });
    expect(await totalsOf(database)).toEqual({ EMS: 2_003 });
  });

  it('makes what is older than its same bytes out of date', async () => {
    await ingest(arrivalOf('a.csv', '1'), 2);
    await ledger.register(arrivalOf('a.csv', '3', { eTag: 'etag-1' }), mustNotAsk);
    expect(await begin(arrivalOf('a.csv', '2'))).toEqual(['superseded', 'superseded']);
  });

  it('brings the first content back: A, B, A', async () => {
    await ingest(arrivalOf('a.csv', '1'), 2);
    await ingest(arrivalOf('a.csv', '2'), 5);
    expect(await ingest(arrivalOf('a.csv', '3', { eTag: 'etag-1' }), 2)).toBe('complete');
    expect(await totalsOf(database)).toEqual({ EMS: 2_003 });
  });

  it.each([
    ['one that the bucket returns', latest, 'loading'],
    ['one that the bucket no longer returns', outdated, 'superseded'],
  ])('without a sequencer is %s', async (_, isLatest, expected) => {
    await ingest(arrivalOf('a.csv', '1'), 1);
    expect(await ledger.register(arrivalOf('a.csv', 'listed:x'), isLatest)).toBe(expected);
  });
});

describe('a version that cannot be read', () => {
  it('leaves what the older one brought when it is rejected', async () => {
    await ingest(arrivalOf('a.csv', '1'), 2);
    const broken = arrivalOf('a.csv', '2');
    await ledger.register(broken, mustNotAsk);
    await ledger.reject(broken);
    await ledger.reject(broken);
    expect(await fileOf(database, 'a.csv', '2')).toMatchObject({ state: 'rejected', finished: true });
    expect(await totalsOf(database)).toEqual({ EMS: 2_003 });
  });

  it('is judged again when the same bytes are put again', async () => {
    const broken = arrivalOf('a.csv', '1');
    await ledger.register(broken, mustNotAsk);
    await ledger.reject(broken);
    expect(await ledger.register(arrivalOf('a.csv', '2', { eTag: 'etag-1' }), mustNotAsk)).toBe('loading');
  });

  it('leaves nothing of itself when it is withdrawn half-loaded, and the same bytes may come again', async () => {
    const gone = arrivalOf('a.csv', '1');
    await begin(gone);
    await tables.load([salaryOf(gone, 1), salaryOf(gone, 2)]);
    await tables.recordRefused([salaryOf(gone, 3)]);
    await ledger.supersede(gone);
    expect(await totalsOf(database)).toEqual({});
    expect(await tables.load([salaryOf(gone, 3)])).toMatchObject({ loaded: 0, skipped: 1 });
    expect(await ingest(arrivalOf('a.csv', '2', { eTag: 'etag-1' }), 2)).toBe('complete');
    expect(await totalsOf(database)).toEqual({ EMS: 2_003 });
  });

  it('stays complete when it is withdrawn after its end', async () => {
    const file = arrivalOf('a.csv', '1');
    await ingest(file, 2);
    await ledger.supersede(file);
    expect(await fileOf(database, 'a.csv', '1')).toMatchObject({ state: 'complete' });
    expect(await totalsOf(database)).toEqual({ EMS: 2_003 });
  });

  it('must be registered first', async () => {
    await expect(ledger.takeOver(arrivalOf('never.csv', '1'), latest)).rejects.toThrow(/to be registered/);
    await expect(ledger.reportProgress(arrivalOf('never.csv', '1'), countsOf(0))).rejects.toThrow(/to be registered/);
  });
});

describe('what an outage left behind', () => {
  const listed = (key: string, eTag: string, lastModified = new Date(0)) => ({
    key,
    eTag,
    sizeBytes: 100,
    lastModified,
  });
  const unknownAmong = async (...objects: ReturnType<typeof listed>[]) =>
    (await new PostgresUnfinishedFiles(database, 'b').findUnreported(objects, 60_000)).map(({ key }) => key);

  it('is what no event has told of', async () => {
    await ingest(arrivalOf('known.csv', '1'), 1);
    await begin(arrivalOf('loading.csv', '1'));
    expect(
      await unknownAmong(
        listed('new.csv', 'etag-1'),
        listed('known.csv', 'etag-1'),
        listed('loading.csv', 'etag-1'),
        listed('known.csv', 'etag-2'),
        listed('Ünïcode +%.csv', 'etag-1'),
      ),
    ).toEqual(['new.csv', 'known.csv', 'Ünïcode +%.csv']);
    expect(await unknownAmong()).toEqual([]);
  });

  it('is the same key in another bucket, too', async () => {
    await ingest(arrivalOf('a.csv', '1'), 1);
    const elsewhere = new PostgresUnfinishedFiles(database, 'elsewhere');
    expect(await elsewhere.findUnreported([listed('a.csv', 'etag-1')], 60_000)).toHaveLength(1);
  });

  it('is the first content again after A, B, A, when the third event was lost', async () => {
    await ingest(arrivalOf('a.csv', '1'), 1);
    await ingest(arrivalOf('a.csv', '2'), 1);
    expect(await unknownAmong(listed('a.csv', 'etag-1'))).toEqual(['a.csv']);
    expect(await unknownAmong(listed('a.csv', 'etag-2'))).toEqual([]);
  });

  it('is a rejected file only when it was put again since', async () => {
    const broken = arrivalOf('a.csv', '1');
    await ledger.register(broken, mustNotAsk);
    await ledger.reject(broken);
    await database.query(`update ingested_file set started_at = started_at - interval '2 hours'`);
    expect(await unknownAmong(listed('a.csv', 'etag-1', new Date(0)))).toEqual([]);
    expect(await unknownAmong(listed('a.csv', 'etag-1', new Date(Date.now() - 3_600_000)))).toEqual(['a.csv']);
  });

  it('is no object whose own event may still be waiting', async () => {
    const put = (secondsAgo: number) => new Date(Date.now() - 1_000 * secondsAgo);
    expect(await unknownAmong(listed('old.csv', 'etag-1', put(90)), listed('new.csv', 'etag-1', put(30)))).toEqual([
      'old.csv',
    ]);
  });

  it('is a file that stands still, told with all that its event told', async () => {
    const still = arrivalOf('still.csv', '1', { versionId: 'v1' });
    const waiting = arrivalOf('waiting.csv', '1');
    for (const file of [still, waiting, arrivalOf('fresh.csv', '1')]) await begin(file);
    await ingest(arrivalOf('done.csv', '1'), 1);
    await ledger.finish(waiting, countsOf(5));
    await database.query(
      `update ingested_file set heartbeat_at = clock_timestamp() - interval '5 minutes' where key <> 'fresh.csv'`,
    );
    const accounting = new PostgresUnfinishedFiles(database, 'b');
    expect(await accounting.findStalled(60_000)).toEqual([still]);
    // What only waits for its rows has ten times as long.
    await database.query(`update ingested_file set heartbeat_at = clock_timestamp() - interval '11 minutes'`);
    expect((await accounting.findStalled(60_000)).map(({ key }) => key).sort()).toEqual([
      'fresh.csv',
      'still.csv',
      'waiting.csv',
    ]);
  });
});
