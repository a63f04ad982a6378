import type { Database } from '../../../functions/adapters/postgres/database.ts';
import type { FileArrival } from '../../../functions/core/ingestion.ts';
import type { KafkaRecord } from '../../../functions/core/kafka-record.ts';
import { createSalaryRecordEncoder } from '../../../functions/core/salary-record.ts';
import { SalaryLoader } from '../../../functions/load-salaries/salary-loader.ts';
import { createTickRecorder } from '../../../functions/runtime/tick-recorder.ts';
import {
  arrivalOf,
  begin,
  countsOf,
  rowsOf,
  type SalaryDatabaseUnderTest,
  salaryOf,
} from '../../contract/salary-database.ts';
import { InMemoryDeadLetterQueue } from '../../support/in-memory-dead-letter-queue.ts';
import { createSalaryDatabase, emptySalaryDatabase, wrongTotals } from '../../support/salary-database.ts';

const a1 = arrivalOf('a.csv', '1');
const GOOD = '2012-05-01';
/** A date that the record's format allows and the database refuses. */
const BAD = '0000-01-01';

let database: Database;
let subject: SalaryDatabaseUnderTest;
let deadLetters: InMemoryDeadLetterQueue;
let loader: SalaryLoader;

beforeAll(async () => {
  ({ database } = await createSalaryDatabase());
});
beforeEach(async () => {
  subject = await emptySalaryDatabase(database);
  deadLetters = new InMemoryDeadLetterQueue();
  loader = new SalaryLoader(subject.tables, deadLetters, createTickRecorder('load-salaries'));
  await begin(subject, a1);
});
afterEach(async () => {
  expect(await wrongTotals(database)).toEqual([]);
});
afterAll(() => database.close());

/** Records of the rows 1, 2, 3 and so on of a file, with the given hire dates. */
function recordsOf(file: FileArrival, hireDates: readonly string[]): KafkaRecord[] {
  const encode = createSalaryRecordEncoder(file);
  return hireDates.map((hireDate, index) => ({
    ...salaryOf(file, index + 1).record,
    offset: String(index),
    value: Buffer.from(encode(index + 1, { ...salaryOf(file, index + 1).salary, hireDate })),
  }));
}

describe('SalaryLoader on PostgreSQL, with a row that the database refuses', () => {
  it('dead-letters that row alone, and counts it once however often the batch is retried', async () => {
    const records = recordsOf(a1, [GOOD, BAD, GOOD, GOOD, GOOD]);
    expect(await loader.load(records)).toMatchObject({ loaded: 4, deadLettered: 1 });
    expect(deadLetters.deadLetters).toMatchObject([
      { code: 'PIPE_ROW_REFUSED', reason: expect.stringMatching(/SQLSTATE 22008/), origin: { offset: '1' } },
    ]);
    await loader.load(records);
    expect(await subject.account(a1)).toMatchObject({ loaded: 4, refused: 1 });
    expect(await subject.ledger.finish(a1, countsOf(5))).toBe('complete');
  });

  it('completes the file when it is the last row', async () => {
    await subject.ledger.finish(a1, countsOf(2));
    await loader.load(recordsOf(a1, [GOOD, BAD]));
    expect(await subject.account(a1)).toMatchObject({ state: 'complete', loaded: 1, refused: 1 });
  });

  it('does not count the row as refused when it is in the tables already', async () => {
    await subject.tables.load(rowsOf(a1, 1, 2));
    await loader.load(recordsOf(a1, ['2012-13-45', GOOD]));
    expect(deadLetters.deadLetters).toHaveLength(1);
    expect(await subject.ledger.finish(a1, countsOf(2))).toBe('complete');
    expect(await subject.account(a1)).toMatchObject({ loaded: 2, refused: 0 });
  });

  it('needs about 1,000 statements for a batch of 500 such rows', async () => {
    const load = jest.spyOn(subject.tables, 'load');
    await loader.load(recordsOf(a1, Array(500).fill(BAD)));
    expect(deadLetters.deadLetters).toHaveLength(500);
    expect(await subject.account(a1)).toMatchObject({ refused: 500 });
    // Counted instead of timed: the batch is halved until each row is alone, so each row is tried about ten times. A sample of 20 rows is tried once more.
    expect(load.mock.calls.length).toBeLessThan(2 * 500 + 25);
    expect(load.mock.calls.reduce((rows, [batch]) => rows + batch.length, 0)).toBeLessThan(500 * 11 + 25);
  });
});
