import { PipelineError } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';

const RETRY_MS = 1_000;

/**
 * Tries to connect until it works: the schedule comes once a minute, and an outage that ends in between should not last
 * until the next one.
 *
 * @throws the last failure when `untilMs` has come, and at once what somebody has to set right.
 */
export async function untilConnected<Result>(
  clock: Clock,
  untilMs: number,
  logger: Logger,
  connect: () => Promise<Result>,
): Promise<Result> {
  for (;;) {
    try {
      return await connect();
    } catch (error) {
      const hopeless = error instanceof PipelineError && error.retry === 'manual';
      if (hopeless || clock.monotonicMs() + RETRY_MS >= untilMs) throw error;
      logger.warn('connecting failed and is tried again', { reason: String(error), waitMs: RETRY_MS });
      await clock.sleep(RETRY_MS);
    }
  }
}
