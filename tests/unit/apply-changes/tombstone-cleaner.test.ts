import { TOMBSTONE_RETENTION_DAYS, TombstoneCleaner } from '../../../functions/apply-changes/tombstone-cleaner.ts';
import { DEAD_LETTER_RETENTION_MS, RETENTION_MS } from '../../../functions/core/topics.ts';
import { FakeClock } from '../../support/cdc/fake-clock.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

const LIMIT = new Date(0);

function createCleaner() {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const claimCleaning = jest.fn(async (_retentionDays: number): Promise<Date | null> => LIMIT);
  const deleteTombstones = jest.fn(async (_appliedBefore: Date) => ({ deleted: 0, isComplete: true }));
  const cleaner = new TombstoneCleaner({ claimCleaning, deleteTombstones }, clock);
  /** Lets some time pass before a batch, and returns how often tombstones have been deleted. */
  const batchAfter = async (minutes: number) => {
    await clock.advance(minutes * MINUTE_MS);
    await cleaner.cleanWhenDue(logger);
    return deleteTombstones.mock.calls.length;
  };
  return { logger, claimCleaning, deleteTombstones, batchAfter };
}

it('cleans at the first call, and then once an hour', async () => {
  const { claimCleaning, deleteTombstones, batchAfter } = createCleaner();
  const counts = [];
  for (const minutes of [0, 59, 1, 59, 1]) counts.push(await batchAfter(minutes));
  expect(counts).toEqual([1, 1, 2, 2, 3]);
  expect(new Set(claimCleaning.mock.calls.flat())).toEqual(new Set([TOMBSTONE_RETENTION_DAYS]));
  expect(new Set(deleteTombstones.mock.calls.flat())).toEqual(new Set([LIMIT]));
});

it('deletes nothing in an hour in which another instance does', async () => {
  const { claimCleaning, batchAfter } = createCleaner();
  claimCleaning.mockResolvedValueOnce(null);
  const counts = [];
  for (const minutes of [0, 59, 1]) counts.push(await batchAfter(minutes));
  expect(counts).toEqual([0, 0, 1]);
});

it('continues a minute later until no old tombstones are left', async () => {
  const { claimCleaning, deleteTombstones, batchAfter } = createCleaner();
  deleteTombstones.mockResolvedValueOnce({ deleted: 9, isComplete: false });
  claimCleaning.mockResolvedValueOnce(LIMIT).mockResolvedValue(null);
  const counts = [];
  for (const minutes of [0, 0.5, 0.5, 1, 60]) counts.push(await batchAfter(minutes));
  expect(counts).toEqual([1, 1, 2, 2, 2]);
});

it('only logs a failure, and tries again a minute later', async () => {
  const { logger, claimCleaning, deleteTombstones, batchAfter } = createCleaner();
  claimCleaning.mockRejectedValueOnce(Object.assign(new Error('no such table'), { code: '42P01' }));
  expect(await batchAfter(0)).toBe(0);
  await batchAfter(0.5);
  expect(claimCleaning).toHaveBeenCalledTimes(1);
  deleteTombstones.mockRejectedValueOnce(new Error('unreachable'));
  expect(await batchAfter(0.5)).toBe(1);
  // The time of this cleaning is known.
  expect(await batchAfter(1)).toBe(2);
  expect(claimCleaning).toHaveBeenCalledTimes(2);
  expect(logger.entries).toMatchObject([
    { level: 'warn', message: 'old tombstones could not be deleted', context: { reason: 'no such table (42P01)' } },
    { level: 'warn', context: { reason: 'unreachable' } },
  ]);
});

it('keeps tombstones for longer than any topic keeps a record', () => {
  expect(TOMBSTONE_RETENTION_DAYS * DAY_MS).toBeGreaterThan(Math.max(RETENTION_MS, DEAD_LETTER_RETENTION_MS));
});
