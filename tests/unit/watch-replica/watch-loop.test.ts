import { LOOK_INTERVAL_MS, type Watch, watchUntil } from '../../../functions/watch-replica/watch-loop.ts';
import { FakeClock } from '../../support/cdc/fake-clock.ts';
import { InMemoryConditionStore } from '../../support/in-memory-condition-store.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const NAME = 'watch-replica';

function createLoop(look: jest.Mock<Promise<number>>, ...others: readonly Watch[]) {
  const clock = new FakeClock();
  const conditions = new InMemoryConditionStore();
  const logger = new RecordingLogger();
  const watching = watchUntil(
    { watches: [...others, { look }], conditions, clock, logger, name: NAME },
    6 * LOOK_INTERVAL_MS,
  );
  return { clock, conditions, logger, watching };
}

it('looks at once, then at every interval, and ends before the next look would be too late', async () => {
  const look = jest.fn(async () => 2);
  const { clock, watching } = createLoop(look);
  await clock.advance(0);
  expect(look).toHaveBeenCalledTimes(1);
  await clock.advance(10 * LOOK_INTERVAL_MS);
  expect(await watching).toEqual({ gaps: 12, failure: null });
  expect(look).toHaveBeenCalledTimes(6);
});

it('shows a look that fails as a condition until the next one succeeds', async () => {
  const look = jest.fn(async () => 0);
  look.mockRejectedValueOnce(new Error('connect ECONNREFUSED'));
  const { clock, conditions, logger, watching } = createLoop(look);
  await clock.advance(0);
  expect(conditions.conditions).toMatchObject([{ id: NAME, message: expect.stringContaining('ECONNREFUSED') }]);
  expect(logger.entries).toHaveLength(1);
  await clock.advance(LOOK_INTERVAL_MS);
  expect(conditions.conditions).toEqual([]);
  await clock.advance(10 * LOOK_INTERVAL_MS);
  expect(await watching).toEqual({ gaps: 0, failure: null });
});

it('goes on when the condition cannot be stored', async () => {
  const look = jest.fn(async () => 0);
  look.mockRejectedValueOnce(new Error('connect ECONNREFUSED'));
  const { clock, conditions, watching } = createLoop(look);
  jest.spyOn(conditions, 'report').mockRejectedValue(new Error('unreachable'));
  await clock.advance(10 * LOOK_INTERVAL_MS);
  await watching;
  expect(look).toHaveBeenCalledTimes(6);
});

it('lets every watch look, and counts what it finds, whichever fails', async () => {
  const look = jest.fn(async () => 1);
  const failing = { look: jest.fn(async () => Promise.reject(new Error('no such topic'))) };
  const { clock, conditions, watching } = createLoop(look, failing);
  await clock.advance(10 * LOOK_INTERVAL_MS);
  expect(await watching).toMatchObject({ gaps: 6, failure: { message: 'no such topic' } });
  expect(look).toHaveBeenCalledTimes(6);
  expect(failing.look).toHaveBeenCalledTimes(6);
  expect(conditions.conditions).toMatchObject([{ message: expect.stringContaining('no such topic') }]);
});

it('clears a condition of an earlier invocation once', async () => {
  const { clock, conditions, watching, logger } = createLoop(jest.fn(async () => 0));
  const clear = jest.spyOn(conditions, 'clear');
  await clock.advance(10 * LOOK_INTERVAL_MS);
  await watching;
  expect(clear.mock.calls).toEqual([[NAME]]);
  expect(logger.entries).toEqual([]);
});

it('clears the condition at a later look when it could not be cleared, and logs why', async () => {
  const { clock, conditions, logger, watching } = createLoop(jest.fn(async () => 0));
  const clear = jest.spyOn(conditions, 'clear').mockRejectedValueOnce(new Error('unreachable'));
  await clock.advance(10 * LOOK_INTERVAL_MS);
  await watching;
  expect(clear).toHaveBeenCalledTimes(2);
  expect(logger.entries).toEqual([
    {
      level: 'warn',
      message: 'the condition for npm run status could not be stored',
      context: { reason: 'unreachable' },
    },
  ]);
});

it('logs why a look has failed', async () => {
  const look = jest.fn(async () => 0).mockRejectedValueOnce(new Error('connect ECONNREFUSED'));
  const { clock, logger, watching } = createLoop(look, { look: async () => 1 });
  await clock.advance(10 * LOOK_INTERVAL_MS);
  expect(await watching).toEqual({ gaps: 6, failure: null });
  expect(logger.entries).toEqual([
    {
      level: 'warn',
      message: 'a look has failed and is repeated',
      context: { reason: 'connect ECONNREFUSED' },
    },
  ]);
});
