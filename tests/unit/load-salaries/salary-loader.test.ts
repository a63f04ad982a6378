import type { KafkaRecord } from '../../../functions/core/kafka-record.ts';
import { SalaryLoader } from '../../../functions/load-salaries/salary-loader.ts';
import { createTickRecorder } from '../../../functions/runtime/tick-recorder.ts';
import { arrivalOf, salaryOf } from '../../contract/salary-database.ts';
import { InMemoryDeadLetterQueue } from '../../support/in-memory-dead-letter-queue.ts';
import { InMemoryIngestionLedger } from '../../support/in-memory-ingestion-ledger.ts';
import { InMemorySalaryDatabase } from '../../support/in-memory-salary-database.ts';
import { InMemorySalaryTables } from '../../support/in-memory-salary-tables.ts';

const file = arrivalOf('a.csv', '1');
const unregistered = arrivalOf('never.csv', '1');
/** A date that the record's format allows and the database refuses. */
const BAD_DATE = '0000-01-01';

let database: InMemorySalaryDatabase;
let tables: InMemorySalaryTables;
let deadLetters: InMemoryDeadLetterQueue;
let loader: SalaryLoader;

beforeEach(async () => {
  database = new InMemorySalaryDatabase();
  tables = new InMemorySalaryTables(database);
  deadLetters = new InMemoryDeadLetterQueue();
  loader = new SalaryLoader(tables, deadLetters, createTickRecorder('load-salaries'));
  const ledger = new InMemoryIngestionLedger(database);
  await ledger.register(file, async () => true);
  await ledger.takeOver(file, async () => true);
});

function recordOf(
  rowNumber: number,
  { of = file, hireDate = '2012-05-01', value = undefined as Buffer | null | undefined } = {},
): KafkaRecord {
  const { salary } = salaryOf(of, rowNumber, { hireDate });
  return {
    topic: 'employee-salaries',
    partition: 2,
    offset: String(1_000 + rowNumber),
    timestampMs: 0,
    key: Buffer.from(`k${rowNumber}`),
    value: value === undefined ? Buffer.from(JSON.stringify({ schema: 1, ...salary })) : value,
  };
}

const records = (count: number, badRows: readonly number[] = []) =>
  Array.from({ length: count }, (_, index) =>
    badRows.includes(index + 1) ? recordOf(index + 1, { hireDate: BAD_DATE }) : recordOf(index + 1),
  );

describe('SalaryLoader', () => {
  it('loads a good batch in one call, and makes no call for dead letters', async () => {
    const publish = jest.spyOn(deadLetters, 'publish');
    expect(await loader.load(records(5))).toMatchObject({ loaded: 5, skipped: 0, deadLettered: 0 });
    expect(tables.batchSizes).toEqual([5]);
    expect(tables.refusedBatchSizes).toEqual([]);
    expect(publish).not.toHaveBeenCalled();
  });

  it('tells the tables which rows a redrive has sent that were rejected when their file was read', async () => {
    const load = jest.spyOn(tables, 'load');
    const named = (row: number, id: string) => ({ ...recordOf(row), headers: [['dlq.id', Buffer.from(id)]] as const });
    const { bucket, key, version } = file;
    const ids = [`${bucket}/${key}@${version}#2`, `${bucket}/${key}@${version}#9`, 'employee-salaries/2/1004', 'none'];
    await loader.load([recordOf(1), ...ids.map((id, index) => named(index + 2, id))]);
    const rows = load.mock.calls[0]?.[0] ?? [];
    expect(rows.map(({ wasRejected = false }) => wasRejected)).toEqual([false, true, false, false, false]);
  });

  it('writes what it has received to the history, with the time since the records were published', async () => {
    const { latency } = await loader.load(records(5));
    expect(tables.history.ticks).toMatchObject([{ functionName: 'load-salaries', batches: 1, records: 5 }]);
    expect(latency?.greatestMs).toBeGreaterThan(10_000);
  });

  it('does nothing with an empty batch', async () => {
    expect(await loader.load([])).toMatchObject({ loaded: 0, skipped: 0, deadLettered: 0 });
    expect(tables.batchSizes).toEqual([]);
  });

  it('counts rows that were loaded before as skipped', async () => {
    await loader.load(records(3));
    expect(await loader.load(records(5))).toMatchObject({ loaded: 2, skipped: 3, deadLettered: 0 });
  });

  it.each([
    ['no value', null, 'without a value'],
    ['bytes that are not UTF-8', Buffer.from([0xff, 0xfe]), 'not UTF-8'],
    ['text that is not JSON', Buffer.from('{'), 'not JSON'],
    ['another message', Buffer.from('{"schema":1}'), 'field'],
  ])('dead-letters a record with %s and loads the others', async (_, value, reason) => {
    const result = await loader.load([recordOf(1), recordOf(2, { value }), recordOf(3)]);
    expect(result).toMatchObject({ loaded: 2, skipped: 0, deadLettered: 1 });
    expect(deadLetters.deadLetters).toEqual([
      {
        code: 'PIPE_SALARY_RECORD',
        reason: expect.stringContaining(reason),
        origin: { topic: 'employee-salaries', partition: 2, offset: '1002' },
        key: Buffer.from('k2'),
        payload: value,
      },
    ]);
  });

  it('dead-letters the record of a file that is not registered and loads the others', async () => {
    const result = await loader.load([recordOf(1), recordOf(2, { of: unregistered }), recordOf(3)]);
    expect(result).toMatchObject({ loaded: 2, skipped: 0, deadLettered: 1 });
    const reason =
      'expected a record that transform-csv sent, got one of a file that is not in the table ingested_file';
    expect(deadLetters.deadLetters).toMatchObject([{ code: 'PIPE_UNKNOWN_FILE', reason, origin: { offset: '1002' } }]);
  });

  it('throws an error that is no fault of the record, and dead-letters nothing', async () => {
    const record = recordOf(1);
    const outOfMemory = new RangeError('Array buffer allocation failed');
    const unreadable = Object.defineProperty(record, 'value', {
      get: () => {
        throw outOfMemory;
      },
    });
    await expect(loader.load([unreadable])).rejects.toBe(outOfMemory);
    expect(deadLetters.deadLetters).toEqual([]);
  });

  it.each([
    [1, [1]],
    [1_000, [1]],
    [1_000, [500, 501]],
    [1_000, [1_000]],
    [7, [1, 2, 3, 4, 5, 6, 7]],
  ])('loads a batch of %i rows except %j, which the database refuses', async (count, badRows) => {
    const result = await loader.load(records(count, badRows));
    expect(result).toMatchObject({ loaded: count - badRows.length, skipped: 0, deadLettered: badRows.length });
    expect([...database.file(file).refusedRows]).toEqual(badRows);
    expect(deadLetters.deadLetters.map(({ code, origin }) => [code, 'offset' in origin && origin.offset])).toEqual(
      badRows.map((rowNumber) => ['PIPE_ROW_REFUSED', String(1_000 + rowNumber)]),
    );
  });

  it('isolates one bad row among thousands with a few calls', async () => {
    await loader.load(records(5_000, [4_321]));
    expect(tables.batchSizes.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(5_000)) + 1);
  });

  it('does not pass on what the database says about a row, because that quotes its values', async () => {
    await loader.load(records(1, [1]));
    expect(deadLetters.deadLetters[0]?.reason).toBe('the target database refuses this row: SQLSTATE 22008');
  });

  it.each(['57P01', '40P01', 'ECONNREFUSED', undefined])(
    'throws a transient error with code %s, and dead-letters nothing',
    async (code) => {
      tables.outage = Object.assign(new Error('database is unreachable'), { code });
      await expect(loader.load([recordOf(1), recordOf(2, { value: null })])).rejects.toBe(tables.outage);
      expect(deadLetters.deadLetters).toEqual([]);
    },
  );

  it('dead-letters a row that a constraint refuses, and names the constraint', async () => {
    tables.refuses = ({ salary }) => salary.rowNumber === 2;
    expect(await loader.load(records(3))).toMatchObject({ loaded: 2, skipped: 0, deadLettered: 1 });
    expect(deadLetters.deadLetters[0]?.reason).toBe(
      'the target database refuses this row: SQLSTATE 23514, constraint rule',
    );
  });

  it.each([1, 3])('dead-letters nothing of a batch of %i rows when the schema is at fault', async (count) => {
    tables.refuses = () => true;
    await expect(loader.load(records(count))).rejects.toMatchObject({ code: 'PIPE_TARGET_SCHEMA' });
    expect(deadLetters.deadLetters).toEqual([]);
    expect(tables.refusedBatchSizes).toEqual([]);
  });

  it('counts no row as refused before its dead letter is acknowledged', async () => {
    deadLetters.onPublish = () => Promise.reject(new Error('Kafka is unreachable'));
    await expect(loader.load(records(3, [2]))).rejects.toThrow('Kafka is unreachable');
    expect(database.file(file).refusedCount).toBe(0);
    deadLetters.onPublish = () => {};
    expect(await loader.load(records(3, [2]))).toMatchObject({ loaded: 0, skipped: 2, deadLettered: 1 });
    expect(database.file(file).refusedCount).toBe(1);
  });
});
