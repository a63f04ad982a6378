import { classifyError } from '../core/classify-error.ts';
import { failureReason } from '../core/condition.ts';
import { needsOperator } from '../core/errors.ts';
import type { Clock } from '../ports/clock.ts';
import type { Deadline } from '../ports/deadline.ts';
import type { Logger } from '../ports/logger.ts';

/**
 * How long after the first failure an attempt that fails for a transient reason is repeated. While CloudFormation creates a
 * stack, the roles of IAM and the names of servers become usable only within minutes.
 */
const PATIENCE_MS = 240_000;
const RETRY_PAUSE_MS = 5_000;
const END_LOOK_MS = 200;

/** Reserved at the end of the invocation for the answer to CloudFormation, which would otherwise wait for an hour. */
export const ANSWER_RESERVE_MS = 20_000;

interface InTimeOptions {
  readonly clock: Clock;
  readonly deadline: Deadline;
  readonly logger: Logger;
}

/**
 * Provisions, and repeats it while it fails for a reason that may pass, until four minutes after the first failure.
 *
 * @throws the error that remains; or shortly before the end of the invocation, with the reason of the last attempt.
 */
export async function provisionInTime<Report>(
  provision: () => Promise<Report>,
  { clock, deadline, logger }: InTimeOptions,
): Promise<Report> {
  const startedMs = clock.monotonicMs();
  const limitMs = deadline.remainingMs() - ANSWER_RESERVE_MS;
  let firstFailureMs: number | undefined;
  let last: unknown;
  let isOver = false;

  const attempts = async (): Promise<Report> => {
    for (;;) {
      try {
        return await provision();
      } catch (error) {
        last = error;
        firstFailureMs ??= clock.monotonicMs();
        if (isOver || isFinal(error) || clock.monotonicMs() - firstFailureMs >= PATIENCE_MS) throw error;
        logger.warn('provisioning is repeated', { reason: failureReason(error) });
        await clock.sleep(RETRY_PAUSE_MS);
      }
    }
  };
  const end = async (): Promise<never> => {
    // In steps, so that no timer keeps a process running after the provisioning.
    while (!isOver && clock.monotonicMs() - startedMs < limitMs) await clock.sleep(END_LOOK_MS);
    isOver = true;
    const reason =
      last === undefined ? 'found that it takes longer' : `the last attempt failed: ${failureReason(last)}`;
    throw new Error(`expected provisioning to end within ${Math.round(limitMs / 1_000)} s, ${reason}`, { cause: last });
  };
  try {
    return await Promise.race([attempts(), end()]);
  } finally {
    isOver = true;
  }
}

/** What a repetition cannot change: a setting, or a migration that does not fit the database. */
function isFinal(error: unknown): boolean {
  return needsOperator(error) || classifyError(error) !== 'transient';
}
