import { CONDITION_NOT_STORED, describeFailure, failureReason } from '../core/condition.ts';
import type { Clock } from '../ports/clock.ts';
import type { ConditionStore } from '../ports/condition-store.ts';
import type { Logger } from '../ports/logger.ts';

/** Between two looks. Smaller: more requests to Kafka and the target. Larger: missing changes are noticed later. */
export const LOOK_INTERVAL_MS = 5_000;

/** Looks once, and returns the number of gaps found. */
export interface Watch {
  look(): Promise<number>;
}

export interface WatchLoopDependencies {
  readonly watches: readonly Watch[];
  readonly conditions: ConditionStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Identifies the condition of looks that fail. */
  readonly name: string;
}

export interface WatchResult {
  /** The number of gaps found. */
  readonly gaps: number;
  /** Why the last look failed; `null` when it did not. */
  readonly failure: unknown;
}

/**
 * Looks again and again until `untilMs`, because no schedule is finer than a minute. A look that fails is shown as
 * a condition, and the next look is the retry.
 */
export async function watchUntil(
  { watches, conditions, clock, logger, name }: WatchLoopDependencies,
  untilMs: number,
): Promise<WatchResult> {
  let gaps = 0;
  let failure: unknown = null;
  let mayBeReported = true;
  for (;;) {
    const looks = await lookAll(watches);
    gaps += looks.gaps;
    failure = looks.failure;
    if (failure !== null) logger.warn('a look has failed and is repeated', { reason: failureReason(failure) });
    try {
      if (failure !== null) await conditions.report({ id: name, ...describeFailure(name, failure) });
      else if (mayBeReported) await conditions.clear(name);
      mayBeReported = failure !== null;
    } catch (error) {
      mayBeReported = true;
      logger.warn(CONDITION_NOT_STORED, { reason: failureReason(error) });
    }
    if (clock.monotonicMs() + LOOK_INTERVAL_MS >= untilMs) return { gaps, failure };
    await clock.sleep(LOOK_INTERVAL_MS);
  }
}

/** All look at the same time. A watch that fails neither keeps the others from looking, nor hides what they find. */
async function lookAll(watches: readonly Watch[]): Promise<WatchResult> {
  const looks = await Promise.allSettled(watches.map((watch) => watch.look()));
  const gaps = looks.reduce((sum, look) => sum + (look.status === 'fulfilled' ? look.value : 0), 0);
  const [failed] = looks.filter((look) => look.status === 'rejected');
  return { gaps, failure: failed?.reason ?? null };
}
