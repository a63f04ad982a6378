import { ConfigError, InputError } from '../../../../functions/core/errors.ts';
import { withRetries } from '../../../../functions/transform-csv/retries/with-retries.ts';
import { RecordingLogger } from '../../../support/recording-logger.ts';
import { FailingSteps, unreachable } from './failing-steps.ts';

describe('withRetries', () => {
  it('repeats a step until it succeeds, logs each retry and returns the result', async () => {
    const steps = new FailingSteps(3);
    expect(await withRetries('publish', steps.step('publish', 'done'), steps.dependencies)).toBe('done');
    expect(steps.attempts).toHaveLength(4);
    expect(steps.retried).toEqual(['publish', 'publish', 'publish']);
  });

  it.each<[string, () => Error, string]>([
    ['its message', () => unreachable(), 'connect ECONNREFUSED'],
    ['what was thrown instead of an error', () => 'broken' as unknown as Error, 'broken'],
  ])('logs the step, the pause and the reason of each retry: %s', async (_, createError, reason) => {
    const steps = new FailingSteps(2, { createError });
    const logger = new RecordingLogger();
    await withRetries('publish', steps.step('publish', 'done'), { ...steps.dependencies, logger });
    expect(logger.entries).toEqual(
      [250, 500].map((waitMs) => ({
        level: 'warn',
        message: 'step failed, retrying',
        context: { step: 'publish', waitMs, reason },
      })),
    );
  });

  it.each([
    [39_750, 2],
    [39_751, 1],
  ])('retries within 40 seconds: an attempt that takes %d ms is made %d times', async (attemptMs, count) => {
    const steps = new FailingSteps(Number.POSITIVE_INFINITY, { attemptMs });
    // The clock of an invocation that has run for a while.
    steps.nowMs = 500_000;
    const retrying = withRetries('publish', steps.step('publish', 'done'), steps.dependencies);
    await expect(retrying).rejects.toThrow('ECONNREFUSED');
    expect(steps.attempts).toHaveLength(count);
  });

  it('doubles the pause up to four seconds', async () => {
    const steps = new FailingSteps(7);
    const startTimes: number[] = [];
    const attempt = steps.step('publish', 'done');
    const timed = () => {
      startTimes.push(steps.nowMs);
      return attempt();
    };
    await withRetries('publish', timed, steps.dependencies);
    const pauses = startTimes.slice(1).map((time, index) => time - (startTimes[index] as number));
    expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 4_000, 4_000]);
  });

  it.each([0, 5_000, 15_000])('gives up before the file is stale when an attempt takes %d ms', async (attemptMs) => {
    const steps = new FailingSteps(Number.POSITIVE_INFINITY, { attemptMs });
    const retrying = withRetries('publish', steps.step('publish', 'done'), steps.dependencies);
    await expect(retrying).rejects.toThrow('ECONNREFUSED');
    expect(steps.nowMs).toBeGreaterThan(30_000);
    expect(steps.nowMs).toBeLessThan(60_000);
  });

  it('repeats a step after a fault of AWS', async () => {
    const createError = () => Object.assign(new Error('slow down'), { $fault: 'server' });
    const steps = new FailingSteps(1, { createError });
    expect(await withRetries('open', steps.step('open', 'done'), steps.dependencies)).toBe('done');
  });

  it.each([
    ['that is permanent', new InputError('PIPE_FILE_HEADER', 'refused')],
    ['that needs an operator', new ConfigError('refused')],
    ['of a wrong request to AWS', Object.assign(new Error('refused'), { name: 'NoSuchBucket', $fault: 'client' })],
  ])('does not repeat a step after an error %s', async (_, error) => {
    const steps = new FailingSteps(1, { createError: () => error });
    await expect(withRetries('open', steps.step('open', 'done'), steps.dependencies)).rejects.toBe(error);
    expect(steps.attempts).toHaveLength(1);
  });
});
