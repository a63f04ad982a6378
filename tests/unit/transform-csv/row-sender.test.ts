import type { RowCounts } from '../../../functions/core/ingestion.ts';
import type { OutgoingRecord } from '../../../functions/core/kafka-record.ts';
import { decodeSalaryRecord } from '../../../functions/core/salary-record.ts';
import { SALARIES_TOPIC } from '../../../functions/core/topics.ts';
import { RowScanner } from '../../../functions/csv/row-scanner.ts';
import { RowSender } from '../../../functions/transform-csv/row-sender.ts';
import { arrivalOf } from '../../contract/salary-database.ts';
import { InMemoryDeadLetterQueue } from '../../support/in-memory-dead-letter-queue.ts';
import { InMemoryRecordPublisher } from '../../support/in-memory-record-publisher.ts';
import { row } from '../../support/salary-file.ts';

const COLUMNS = { count: 8, department: 0, departmentDivision: 1, positionTitle: 3, hireDate: 5, salary: 7 };
const NO_ROWS: RowCounts = { read: 0, filteredOut: 0, rejected: 0, sent: 0 };
/** Characters of records, and bytes of dead letters, that are published at once. */
const LIMIT = 524_288;

function createSender(counts = NO_ROWS) {
  const publisher = new InMemoryRecordPublisher({ [SALARIES_TOPIC]: 1 });
  const publish = jest.spyOn(publisher, 'publish');
  const deadLetters = new InMemoryDeadLetterQueue();
  const publishDeadLetters = jest.spyOn(deadLetters, 'publish');
  const sender = new RowSender({
    file: arrivalOf('a.csv', '1'),
    columns: COLUMNS,
    filter: { departments: new Set(['ECC']), hiredSince: '2010-01-01' },
    publisher,
    deadLetters,
    counts,
  });
  const sizes = (mock: { mock: { calls: readonly (readonly unknown[])[] } }) =>
    mock.mock.calls.map((args) => (args.at(-1) as readonly unknown[]).length);
  return {
    sender,
    publisher,
    deadLetters,
    published: (): readonly (readonly OutgoingRecord[])[] => publish.mock.calls.map(([, records]) => records),
    publishSizes: () => sizes(publish),
    deadLetterSizes: () => sizes(publishDeadLetters),
  };
}

function batchOf(...rows: readonly string[]) {
  const scanner = new RowScanner();
  scanner.add(Buffer.from(`${rows.join('\n')}\n`));
  return scanner.scan();
}

const repeat = (count: number, text: string) => Array.from({ length: count }, () => text);

describe('RowSender', () => {
  it('publishes 1,500 records at once, and the rest when it is drained', async () => {
    const { sender, publishSizes } = createSender();
    await sender.send(batchOf(...repeat(1_499, row())));
    expect(publishSizes()).toEqual([]);
    await sender.send(batchOf(row(), row()));
    expect(publishSizes()).toEqual([1_500]);
    await sender.drain();
    expect(publishSizes()).toEqual([1_500, 1]);
  });

  it('publishes fewer records at once when they are long', async () => {
    const { sender, published } = createSender();
    await sender.send(batchOf(...repeat(2_000, row({ title: 'x'.repeat(200) }).replace('ECC 001', 'y'.repeat(200)))));
    expect(published().length).toBeGreaterThan(1);
    for (const records of published()) {
      const characters = records.map(({ value }) => String(value).length);
      const total = characters.reduce((sum, length) => sum + length, 0);
      expect(total).toBeGreaterThanOrEqual(LIMIT);
      expect(total - (characters.at(-1) ?? 0)).toBeLessThan(LIMIT);
    }
  });

  it('publishes 200 dead letters at once, and the rest when it is drained', async () => {
    const { sender, deadLetterSizes } = createSender();
    await sender.send(batchOf(...repeat(199, row({ salary: 'x' }))));
    expect(deadLetterSizes()).toEqual([]);
    await sender.send(batchOf(...repeat(2, row({ salary: 'x' }))));
    expect(deadLetterSizes()).toEqual([200]);
    await sender.drain();
    expect(deadLetterSizes()).toEqual([200, 1]);
  });

  it.each([
    [LIMIT / 2, [2]],
    [LIMIT / 2 - 1, [3]],
  ])('publishes dead letters with rows of %d bytes by their size: %j at once', async (bytes, sizes) => {
    const { sender, deadLetterSizes } = createSender();
    const long = row({ salary: 'x' });
    await sender.send(batchOf(...repeat(3, long + 'x'.repeat(bytes - long.length))));
    expect(deadLetterSizes()).toEqual(sizes);
  });

  it('publishes nothing when no row is kept or unusable', async () => {
    const { sender, publishSizes, deadLetterSizes } = createSender();
    await sender.send(batchOf(row({ department: 'AGR' })));
    await sender.drain();
    expect([publishSizes(), deadLetterSizes()]).toEqual([[], []]);
    expect(sender.counts).toEqual({ read: 1, filteredOut: 1, rejected: 0, sent: 0 });
  });

  it('continues the counts and the row numbers of the invocation before', async () => {
    const { sender, publisher, deadLetters } = createSender({ read: 10, filteredOut: 4, rejected: 3, sent: 3 });
    await sender.send(batchOf(row(), row({ salary: 'x' }), row({ department: 'AGR' })));
    await sender.drain();
    expect(sender.counts).toEqual({ read: 13, filteredOut: 5, rejected: 4, sent: 4 });
    const [record] = publisher.recordsOf(SALARIES_TOPIC);
    expect(decodeSalaryRecord(Buffer.from(record?.value ?? ''))).toMatchObject({ rowNumber: 11 });
    expect(deadLetters.deadLetters).toMatchObject([{ origin: { row: 12 } }]);
  });

  it('keeps the bytes of a dead letter when the buffer of its batch is used again', async () => {
    const { sender, deadLetters } = createSender();
    const batch = batchOf(row({ salary: 'x' }));
    await sender.send(batch);
    batch.source.fill(0);
    await sender.drain();
    expect(Buffer.from(deadLetters.deadLetters[0]?.payload ?? []).toString()).toBe(row({ salary: 'x' }));
  });
});
