import { classifyError } from '../../core/classify-error.ts';
import { failureReason } from '../../core/condition.ts';
import { needsOperator } from '../../core/errors.ts';
import type { Clock } from '../../ports/clock.ts';
import type { Logger } from '../../ports/logger.ts';

/**
 * How long one step is retried. Long enough for a server that restarts or fails over to a standby. With the duration of
 * the last attempt it must stay below `STALE_AFTER_SECONDS`, or reconcile-bucket considers the file abandoned.
 */
const RETRY_FOR_MS = 40_000;

/** The pause doubles after each attempt. */
const PAUSE_MS = { first: 250, longest: 4_000 };

export interface RetryDependencies {
  readonly logger: Logger;
  readonly clock: Clock;
}

/**
 * Repeats one step of a file while a server is briefly unreachable. `attempt` must be safe to repeat.
 *
 * Retrying a step is cheap. Without it the event source would retry the whole file, and publish its dead letters again.
 *
 * @param step name of the step, for the log.
 * @throws the error of the last attempt when the retry time is over; at once, an error that a retry cannot resolve.
 */
export async function withRetries<Result>(
  step: string,
  attempt: () => Promise<Result>,
  { logger, clock }: RetryDependencies,
): Promise<Result> {
  const startedMs = clock.monotonicMs();
  for (let waitMs = PAUSE_MS.first; ; waitMs = Math.min(2 * waitMs, PAUSE_MS.longest)) {
    try {
      return await attempt();
    } catch (error) {
      if (!isRetriable(error) || clock.monotonicMs() - startedMs + waitMs > RETRY_FOR_MS) throw error;
      logger.warn('step failed, retrying', { step, waitMs, reason: failureReason(error) });
      await clock.sleep(waitMs);
    }
  }
}

/** Excludes a wrong request to the bucket, e.g. a missing bucket, and errors that need an operator. */
function isRetriable(error: unknown): boolean {
  const isWrongRequest = error instanceof Error && '$fault' in error && error.$fault === 'client';
  return classifyError(error) === 'transient' && !isWrongRequest && !needsOperator(error);
}
