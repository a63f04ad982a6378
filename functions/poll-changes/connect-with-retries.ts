import { failureReason } from '../core/condition.ts';
import { needsOperator } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Logger } from '../ports/logger.ts';
import { CONNECT_RETRY_MS } from './timing.ts';

/**
 * Calls `connect` until it succeeds. The schedule invokes the function only once a minute, and polling should resume
 * sooner after an outage.
 *
 * @throws the last error when the next attempt would begin after `untilMs`; at once an error that an operator has to fix.
 */
export async function connectWithRetries<Result>(
  clock: Clock,
  untilMs: number,
  logger: Logger,
  connect: () => Promise<Result>,
): Promise<Result> {
  for (;;) {
    try {
      return await connect();
    } catch (error) {
      if (needsOperator(error) || clock.monotonicMs() + CONNECT_RETRY_MS >= untilMs) throw error;
      logger.warn('connecting failed and is retried', { reason: failureReason(error), retryMs: CONNECT_RETRY_MS });
      await clock.sleep(CONNECT_RETRY_MS);
    }
  }
}
