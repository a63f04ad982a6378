import { ChangePurger } from '../../../functions/poll-changes/change-purger.ts';
import { FakeClock } from '../../support/cdc/fake-clock.ts';
import { InMemoryChangeSource } from '../../support/cdc/in-memory-change-source.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

function createPurger() {
  const clock = new FakeClock();
  const source = new InMemoryChangeSource(10);
  const purge = jest.spyOn(source, 'purge').mockResolvedValue(0);
  const logger = new RecordingLogger();
  const purger = new ChangePurger(source, clock, logger, { purgeIntervalMs: 1_000, retentionHours: 7 });
  return { clock, logger, purge, purger };
}

it('purges at the first call, and again only after the interval', async () => {
  const { clock, purge, purger } = createPurger();
  const counts = [];
  for (const ms of [0, 999, 1, 999, 1]) {
    await clock.advance(ms);
    purger.purgeWhenDue('1:1:');
    counts.push(purge.mock.calls.length);
  }
  expect(counts).toEqual([1, 1, 2, 2, 3]);
  expect(purge).toHaveBeenLastCalledWith('1:1:', 7);
});

it('does not purge while a purge is running, and purges as soon as it has ended', async () => {
  const { clock, purge, purger } = createPurger();
  const running = Promise.withResolvers<number>();
  purge.mockReturnValueOnce(running.promise);
  purger.purgeWhenDue('1:1:');
  await clock.advance(5_000);
  purger.purgeWhenDue('1:1:');
  expect(purge).toHaveBeenCalledTimes(1);
  running.resolve(0);
  await clock.advance(0);
  purger.purgeWhenDue('1:1:');
  expect(purge).toHaveBeenCalledTimes(2);
});

it('logs how many changes it has purged, if there are any', async () => {
  const { clock, logger, purge, purger } = createPurger();
  purge.mockResolvedValueOnce(0).mockResolvedValueOnce(3);
  purger.purgeWhenDue('1:1:');
  await clock.advance(1_000);
  expect(logger.entries).toEqual([]);
  purger.purgeWhenDue('1:1:');
  await clock.advance(0);
  expect(logger.entries).toEqual([{ level: 'info', message: 'old changes purged', context: { purged: 3 } }]);
});

it('logs a failure, and purges again after the interval', async () => {
  const { clock, logger, purge, purger } = createPurger();
  purge.mockRejectedValueOnce(new Error('unreachable'));
  purger.purgeWhenDue('1:1:');
  await clock.advance(1_000);
  expect(logger.entries).toEqual([
    { level: 'warn', message: 'old changes could not be purged', context: { reason: 'unreachable' } },
  ]);
  purger.purgeWhenDue('1:1:');
  expect(purge).toHaveBeenCalledTimes(2);
});
