import { LedgerCleaner } from '../../../functions/redrive/ledger-cleaner.ts';
import { FakeClock } from '../../support/cdc/fake-clock.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const MINUTE_MS = 60_000;
const NOTHING = { deadLetters: 0, redrives: 0, isComplete: true };

function createCleaner() {
  const clock = new FakeClock();
  const logger = new RecordingLogger();
  const deleteOlderThan = jest.fn(async (_days: number) => NOTHING);
  const cleaner = new LedgerCleaner({ deleteOlderThan }, clock, logger);
  /** Lets some time pass before a call of the schedule, and returns how often something was to be deleted. */
  const callAfter = async (minutes: number) => {
    await clock.advance(minutes * MINUTE_MS);
    await cleaner.cleanWhenDue();
    return deleteOlderThan.mock.calls.length;
  };
  return { logger, deleteOlderThan, callAfter };
}

it('deletes what is older than 45 days, at the first call and then once an hour', async () => {
  const { deleteOlderThan, callAfter } = createCleaner();
  const counts = [];
  for (const minutes of [0, 1, 58, 1, 1]) counts.push(await callAfter(minutes));
  expect(counts).toEqual([1, 1, 1, 2, 2]);
  expect(new Set(deleteOlderThan.mock.calls.flat())).toEqual(new Set([45]));
});

it('continues at the next call while old ones are left', async () => {
  const { logger, deleteOlderThan, callAfter } = createCleaner();
  deleteOlderThan.mockResolvedValueOnce({ deadLetters: 5_000, redrives: 0, isComplete: false });
  const counts = [];
  for (const minutes of [0, 1, 1]) counts.push(await callAfter(minutes));
  expect(counts).toEqual([1, 2, 2]);
  expect(logger.entries).toEqual([
    { level: 'info', message: 'old dead letters and redrives deleted', context: { deadLetters: 5_000, redrives: 0 } },
  ]);
});

it('only logs a failure, and tries again an hour later', async () => {
  const { logger, deleteOlderThan, callAfter } = createCleaner();
  deleteOlderThan.mockRejectedValueOnce(new Error('statement timeout'));
  const counts = [];
  for (const minutes of [0, 59, 1]) counts.push(await callAfter(minutes));
  expect(counts).toEqual([1, 1, 2]);
  expect(logger.entries).toMatchObject([{ level: 'warn', context: { reason: 'statement timeout' } }]);
});
