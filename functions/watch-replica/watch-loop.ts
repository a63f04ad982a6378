import { describeFailure } from '../core/condition.ts';
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
  readonly failure: Error | null;
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
  let failure: Error | null = null;
  let mayBeReported = true;
  for (;;) {
    try {
      gaps += await lookAll(watches);
      failure = null;
      if (mayBeReported) await conditions.clear(name);
      mayBeReported = false;
    } catch (error) {
      mayBeReported = true;
      failure = error instanceof Error ? error : new Error(String(error));
      logger.warn('a look has failed and is repeated', { reason: String(error) });
      await conditions.report({ id: name, ...describeFailure(name, error) }).catch((reason) => {
        logger.warn('the condition for npm run status could not be stored', { reason: String(reason) });
      });
    }
    if (clock.monotonicMs() + LOOK_INTERVAL_MS >= untilMs) return { gaps, failure };
    await clock.sleep(LOOK_INTERVAL_MS);
  }
}

/**
 * A watch that fails does not keep the others from looking.
 *
 * @throws the first failure, after all have looked.
 */
async function lookAll(watches: readonly Watch[]): Promise<number> {
  const looks = await Promise.allSettled(watches.map((watch) => watch.look()));
  const failed = looks.find(({ status }) => status === 'rejected');
  if (failed?.status === 'rejected') throw failed.reason;
  return looks.reduce((gaps, look) => gaps + (look.status === 'fulfilled' ? look.value : 0), 0);
}
