import type { DeadLetter } from '../../../functions/core/dead-letter.ts';
import type { KafkaRecord } from '../../../functions/core/kafka-record.ts';
import type { ReceivedSalary } from '../../../functions/core/salary-record.ts';
import { SalaryLoader } from '../../../functions/load-salaries/salary-loader.ts';
import type { SalaryTables } from '../../../functions/ports/salary-tables.ts';

/** Tables in memory that refuse whole batches, as the database does, because of single rows. */
class FakeTables implements SalaryTables {
  readonly loaded: number[] = [];
  readonly refused: number[] = [];
  readonly batchSizes: number[] = [];
  badRows = new Set<number>();
  unregisteredRows = new Set<number>();
  outage: Error | undefined;

  async load(batch: readonly ReceivedSalary[]) {
    this.batchSizes.push(batch.length);
    if (this.outage) throw this.outage;
    if (batch.some(({ salary }) => this.badRows.has(salary.rowNumber))) {
      throw Object.assign(new Error('value "Medic" too long'), { code: '22001' });
    }
    const unregistered = batch.filter(({ salary }) => this.unregisteredRows.has(salary.rowNumber));
    const rows = batch.filter((row) => !unregistered.includes(row)).map(({ salary }) => salary.rowNumber);
    const fresh = rows.filter((row) => !this.loaded.includes(row));
    this.loaded.push(...fresh);
    return { loaded: fresh.length, skipped: rows.length - fresh.length, unregistered };
  }

  async recordRefused(batch: readonly ReceivedSalary[]) {
    for (const { salary } of batch) if (!this.refused.includes(salary.rowNumber)) this.refused.push(salary.rowNumber);
  }
}

let tables: FakeTables;
let letters: DeadLetter[];
let loader: SalaryLoader;

beforeEach(() => {
  tables = new FakeTables();
  letters = [];
  loader = new SalaryLoader(tables, { publish: async (batch) => void letters.push(...batch) });
});

function recordOf(rowNumber: number, more: Partial<KafkaRecord> = {}): KafkaRecord {
  const value = {
    schema: 1,
    bucket: 'b',
    key: 'a.csv',
    version: '1',
    rowNumber,
    department: 'EMS',
    departmentDivision: 'Field',
    positionTitle: 'Medic',
    hireDate: '2012-05-01',
    salary: 100,
  };
  return {
    topic: 'employee-salaries',
    partition: 2,
    offset: String(1_000 + rowNumber),
    timestampMs: 0,
    key: Buffer.from(`k${rowNumber}`),
    value: Buffer.from(JSON.stringify(value)),
    ...more,
  };
}

const rows = (count: number) => Array.from({ length: count }, (_, index) => recordOf(index + 1));

describe('SalaryLoader', () => {
  it('loads a good batch in one go', async () => {
    expect(await loader.load(rows(5))).toEqual({ loaded: 5, skipped: 0, deadLettered: 0 });
    expect(tables.batchSizes).toEqual([5]);
    expect(letters).toEqual([]);
  });

  it('does nothing with an empty batch', async () => {
    expect(await loader.load([])).toEqual({ loaded: 0, skipped: 0, deadLettered: 0 });
    expect(tables.batchSizes).toEqual([]);
  });

  it('tells rows that were there already from new ones', async () => {
    await loader.load(rows(3));
    expect(await loader.load(rows(5))).toEqual({ loaded: 2, skipped: 3, deadLettered: 0 });
  });

  it.each([
    ['no value', null, 'without a value'],
    ['bytes that are not UTF-8', Buffer.from([0xff, 0xfe]), 'not UTF-8'],
    ['text that is not JSON', Buffer.from('{'), 'not JSON'],
    ['another message', Buffer.from('{"schema":1}'), 'field'],
  ])('dead-letters a record with %s and loads the rest', async (_, value, reason) => {
    const result = await loader.load([recordOf(1), recordOf(2, { value }), recordOf(3)]);
    expect(result).toEqual({ loaded: 2, skipped: 0, deadLettered: 1 });
    expect(letters).toEqual([
      {
        code: 'PIPE_SALARY_RECORD',
        reason: expect.stringContaining(reason),
        origin: { topic: 'employee-salaries', partition: 2, offset: '1002' },
        key: Buffer.from('k2'),
        payload: value,
      },
    ]);
  });

  it('dead-letters the record of a file that nobody has registered', async () => {
    tables.unregisteredRows.add(2);
    expect(await loader.load(rows(3))).toEqual({ loaded: 2, skipped: 0, deadLettered: 1 });
    expect(letters).toMatchObject([{ code: 'PIPE_UNKNOWN_FILE', origin: { offset: '1002' } }]);
  });

  it.each([
    [1, [1]],
    [1_000, [1]],
    [1_000, [500, 501]],
    [1_000, [1_000]],
    [7, [1, 2, 3, 4, 5, 6, 7]],
  ])('of %i rows loads all but %j, which the database refuses', async (count, bad) => {
    tables.badRows = new Set(bad);
    const result = await loader.load(rows(count));
    expect(result).toEqual({ loaded: count - bad.length, skipped: 0, deadLettered: bad.length });
    expect(tables.refused).toEqual(bad);
    expect(letters.map(({ code, origin }) => [code, 'offset' in origin && origin.offset])).toEqual(
      bad.map((row) => ['PIPE_ROW_REFUSED', String(1_000 + row)]),
    );
  });

  it('asks the database a handful of times for one bad row among thousands', async () => {
    tables.badRows.add(4_321);
    await loader.load(rows(5_000));
    expect(tables.batchSizes.length).toBeLessThanOrEqual(2 * Math.ceil(Math.log2(5_000)) + 1);
  });

  it('never tells what the database says of a row, as that quotes its values', async () => {
    tables.badRows.add(1);
    await loader.load(rows(1));
    expect(letters[0]?.reason).toBe('the database refused this row with SQLSTATE 22001');
  });

  it.each(['57P01', '40P01', 'ECONNREFUSED', undefined])(
    'throws when the world is broken (%s), and dead-letters nothing',
    async (code) => {
      tables.outage = Object.assign(new Error('away'), { code });
      await expect(loader.load([recordOf(1), recordOf(2, { value: null })])).rejects.toBe(tables.outage);
      expect(letters).toEqual([]);
    },
  );

  it('counts no row as refused whose letter was not acknowledged', async () => {
    tables.badRows.add(2);
    const away = new Error('Kafka is away');
    const failing = new SalaryLoader(tables, { publish: () => Promise.reject(away) });
    await expect(failing.load(rows(3))).rejects.toBe(away);
    expect(tables.refused).toEqual([]);
    expect(await loader.load(rows(3))).toEqual({ loaded: 0, skipped: 2, deadLettered: 1 });
    expect(tables.refused).toEqual([2]);
  });
});
