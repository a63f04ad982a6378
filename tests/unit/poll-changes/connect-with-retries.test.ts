import { ConfigError } from '../../../functions/core/errors.ts';
import { connectWithRetries } from '../../../functions/poll-changes/connect-with-retries.ts';
import { CONNECT_RETRY_MS } from '../../../functions/poll-changes/timing.ts';
import { FakeClock } from '../../support/cdc/fake-clock.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

let clock: FakeClock;
let logger: RecordingLogger;
beforeEach(() => {
  clock = new FakeClock();
  logger = new RecordingLogger();
});

/** Fails so many times, and then succeeds; logs the times of the attempts. */
function failingTimes(count: number, error: Error = new Error('unreachable')) {
  const attemptsAtMs: number[] = [];
  const connect = async () => {
    attemptsAtMs.push(clock.monotonicMs());
    if (attemptsAtMs.length <= count) throw error;
    return 'connected';
  };
  return { attemptsAtMs, connect };
}

it('retries once a second until it succeeds, and logs each failure', async () => {
  const { attemptsAtMs, connect } = failingTimes(3);
  const connected = connectWithRetries(clock, 60_000, logger, connect);
  await clock.advance(10_000);
  expect(await connected).toBe('connected');
  expect(attemptsAtMs).toEqual([0, 1, 2, 3].map((count) => count * CONNECT_RETRY_MS));
  const context = { reason: 'unreachable', retryMs: CONNECT_RETRY_MS };
  expect(logger.entries).toEqual(
    [1, 2, 3].map(() => ({ level: 'warn', message: 'connecting failed and is retried', context })),
  );
});

it('fails with the last error when no time is left for another attempt', async () => {
  const { attemptsAtMs, connect } = failingTimes(10);
  const connected = connectWithRetries(clock, 3 * CONNECT_RETRY_MS, logger, connect);
  const failed = expect(connected).rejects.toThrow('unreachable');
  await clock.advance(10_000);
  await failed;
  expect(attemptsAtMs).toEqual([0, 1, 2].map((count) => count * CONNECT_RETRY_MS));
});

it('fails at once with an error that an operator has to fix', async () => {
  const { attemptsAtMs, connect } = failingTimes(10, new ConfigError('wrong encoding'));
  await expect(connectWithRetries(clock, 60_000, logger, connect)).rejects.toThrow('wrong encoding');
  expect(attemptsAtMs).toEqual([0]);
});
