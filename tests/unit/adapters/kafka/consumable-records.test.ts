import { type FetchedBatch, hasConsumableRecords } from '../../../../functions/adapters/kafka/consumable-records.ts';

const [PLAIN, TRANSACTIONAL, CONTROL] = [0, 0x10, 0x30];
const [ABORT, COMMIT] = [Buffer.from([0, 0, 0, 0]), Buffer.from([0, 0, 0, 1])];

const batch = (first: number, count: number, attributes = PLAIN, producerId = -1): FetchedBatch => ({
  ...{ firstOffset: BigInt(first), lastOffsetDelta: count - 1, attributes, producerId: BigInt(producerId) },
  records: Array.from({ length: count }, (_, offsetDelta) => ({ offsetDelta, key: null })),
});
const marker = (offset: number, producerId: number, key: Buffer): FetchedBatch => ({
  ...batch(offset, 1, CONTROL, producerId),
  records: [{ offsetDelta: 0, key }],
});
const range = (first: number, next: number) => ({ first: BigInt(first), next: BigInt(next) });
const aborted = (producerId: number, firstOffset: number) => ({
  ...{ producerId: BigInt(producerId), firstOffset: BigInt(firstOffset) },
});

it('finds the records of a batch that are in the range, and no others', () => {
  expect(hasConsumableRecords([batch(0, 10)], [], range(9, 12))).toBe(true);
  expect(hasConsumableRecords([batch(0, 10)], [], range(10, 12))).toBe(false);
  expect(hasConsumableRecords([batch(12, 10)], [], range(10, 12))).toBe(false);
  expect(hasConsumableRecords([], [], range(0, 12))).toBe(false);
});

it('does not count the end of a transaction as a record', () => {
  expect(hasConsumableRecords([batch(0, 2, TRANSACTIONAL, 1), marker(2, 1, COMMIT)], [], range(2, 3))).toBe(false);
});

it('counts the records of a producer only outside its aborted transactions', () => {
  const batches = [
    batch(0, 2, TRANSACTIONAL, 1),
    batch(2, 1, TRANSACTIONAL, 2),
    batch(3, 1),
    marker(4, 1, ABORT),
    batch(5, 2, TRANSACTIONAL, 1),
    marker(7, 2, COMMIT),
  ];
  const hasRecord = (offset: number) => hasConsumableRecords(batches, [aborted(1, 0)], range(offset, offset + 1));
  expect([0, 1, 2, 3, 4, 5, 6, 7].map(hasRecord)).toEqual([false, false, true, true, false, true, true, false]);
});

it('hides several aborted transactions, in whatever order they are listed', () => {
  const batches = [
    batch(0, 1, TRANSACTIONAL, 1),
    batch(1, 1, TRANSACTIONAL, 2),
    marker(2, 2, ABORT),
    marker(3, 1, ABORT),
  ];
  expect(hasConsumableRecords(batches, [aborted(2, 1), aborted(1, 0)], range(0, 4))).toBe(false);
});
