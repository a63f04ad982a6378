import { RangeReader } from '../../../functions/redrive/range-reader.ts';
import { arrivalOf, BUCKET } from '../../contract/salary-database.ts';
import { InMemoryBucket } from '../../support/in-memory-bucket.ts';
import { InMemoryObjectStore } from '../../support/in-memory-object-store.ts';

const bytes = Buffer.from(Array.from({ length: 5 * 1024 * 1024 }, (_, index) => (index * 7) % 251));
let store: InMemoryObjectStore;
let reader: RangeReader;
beforeEach(() => {
  const bucket = new InMemoryBucket(BUCKET);
  const { eTag } = bucket.put('a.csv', bytes);
  store = new InMemoryObjectStore(bucket);
  reader = new RangeReader(store, arrivalOf('a.csv', '1', { eTag }));
});
afterEach(() => reader.close());

const expectRange = async (start: number, end: number) =>
  expect((await reader.read(start, end))?.equals(bytes.subarray(start, end))).toBe(true);

it('reads ranges that are close together from one stream, wherever the chunks are cut', async () => {
  for (const chunkBytes of [1_000, 64 * 1024]) {
    store.chunkBytes = chunkBytes;
    for (const [start, end] of [
      [10, 20],
      [20, 30],
      [900, 1_100],
      [70_000, 140_000],
    ] as const)
      await expectRange(start, end);
    await reader.close();
  }
  expect(store.openedAt).toEqual([10, 10]);
});

it('opens the file again before a gap, and for an earlier range', async () => {
  await expectRange(0, 5);
  await expectRange(3_000_000, 3_000_100);
  await expectRange(100, 200);
  expect(store.openedAt).toEqual([0, 3_000_000, 100]);
});

it('reads less at the end of the file, and nothing of a version that is gone', async () => {
  expect((await reader.read(bytes.length - 3, bytes.length + 9))?.length).toBe(3);
  const gone = new RangeReader(store, arrivalOf('a.csv', '1', { eTag: 'other' }));
  expect(await gone.read(0, 5)).toBeNull();
});
