import { describeFailure } from '../core/condition.ts';
import type { Clock } from '../ports/clock.ts';
import type { ConditionStore } from '../ports/condition-store.ts';
import type { Logger } from '../ports/logger.ts';
import type { ReplicaWatch } from './replica-watch.ts';

/** Between two looks. Smaller: more requests to Kafka and the target. Larger: missing changes are noticed later. */
export const LOOK_INTERVAL_MS = 5_000;

export interface WatchLoopDependencies {
  readonly watch: Pick<ReplicaWatch, 'look'>;
  readonly conditions: ConditionStore;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Identifies the condition of looks that fail. */
  readonly name: string;
}

/**
 * Looks again and again until `untilMs`, because no schedule is finer than a minute. A look that fails is shown as
 * a condition, and the next look is the retry.
 *
 * @returns the number of gaps found.
 */
export async function watchUntil(
  { watch, conditions, clock, logger, name }: WatchLoopDependencies,
  untilMs: number,
): Promise<number> {
  let gaps = 0;
  let mayBeReported = true;
  for (;;) {
    try {
      gaps += await watch.look();
      if (mayBeReported) await conditions.clear(name);
      mayBeReported = false;
    } catch (error) {
      mayBeReported = true;
      logger.warn('the replica could not be looked at', { reason: String(error) });
      await conditions.report({ id: name, ...describeFailure(name, error) }).catch((reason) => {
        logger.warn('the condition for npm run status could not be stored', { reason: String(reason) });
      });
    }
    if (clock.monotonicMs() + LOOK_INTERVAL_MS >= untilMs) return gaps;
    await clock.sleep(LOOK_INTERVAL_MS);
  }
}
