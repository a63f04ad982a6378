import { TOMBSTONE_RETENTION_DAYS, TombstoneCleaner } from '../../../functions/apply-changes/tombstone-cleaner.ts';
import { DEAD_LETTER_RETENTION_MS, RETENTION_MS } from '../../../functions/core/topics.ts';
import { FakeClock } from '../../support/cdc/fake-clock.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

function createCleaner() {
  const clock = new FakeClock();
  const deleteTombstones = jest.fn(async (_olderThanDays: number) => 0);
  return { clock, deleteTombstones, cleaner: new TombstoneCleaner({ deleteTombstones }, clock) };
}

it('cleans at the first call, and then once an hour', async () => {
  const { clock, deleteTombstones, cleaner } = createCleaner();
  const counts = [];
  for (const minutes of [0, 59, 1, 59, 1]) {
    await clock.advance(minutes * MINUTE_MS);
    await cleaner.cleanWhenDue();
    counts.push(deleteTombstones.mock.calls.length);
  }
  expect(counts).toEqual([1, 1, 2, 2, 3]);
  expect(new Set(deleteTombstones.mock.calls.flat())).toEqual(new Set([TOMBSTONE_RETENTION_DAYS]));
});

it('cleans again at the next call after a failure', async () => {
  const { deleteTombstones, cleaner } = createCleaner();
  deleteTombstones.mockRejectedValueOnce(new Error('unreachable'));
  await expect(cleaner.cleanWhenDue()).rejects.toThrow('unreachable');
  await cleaner.cleanWhenDue();
  expect(deleteTombstones).toHaveBeenCalledTimes(2);
});

it('keeps tombstones for longer than any topic keeps a record', () => {
  expect(TOMBSTONE_RETENTION_DAYS * DAY_MS).toBeGreaterThan(Math.max(RETENTION_MS, DEAD_LETTER_RETENTION_MS));
});
