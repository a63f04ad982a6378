import type { Context } from 'aws-lambda';
import { openConditionStore } from '../adapters/dynamodb/open-condition-store.ts';
import { failureReason } from '../core/condition.ts';
import { CHANGES_GROUP, CHANGES_TOPIC, SALARIES_GROUP, SALARIES_TOPIC } from '../core/topics.ts';
import type { ConditionStore } from '../ports/condition-store.ts';
import type { TargetLevels } from '../ports/target-levels.ts';
import { conditionsShape, kafkaOf, loadConfig, targetDatabaseOf } from '../runtime/config.ts';
import { createHandler, type Telemetry } from '../runtime/handler.ts';
import { METRIC } from '../runtime/metrics.ts';
import { systemClock } from '../runtime/system-clock.ts';
import { watchReplicaShape } from './config.ts';
import type { LeaseWatch } from './lease-watch.ts';
import {
  answerOperator,
  decodeOperatorRequest,
  isOperatorRequest,
  type OperatorDependencies,
} from './operator-request.ts';
import { type Watch, watchUntil } from './watch-loop.ts';
import { openReplicaWatch } from './wiring.ts';

const NAME = 'watch-replica';

/** Time reserved at the end of an invocation, for a look that waits for a server that does not respond. */
const RESERVE_MS = 15_000;

interface Dependencies extends Telemetry, OperatorDependencies {
  readonly watches: readonly Watch[];
  readonly leaseWatch: Pick<LeaseWatch, 'takeGreatestAgeSeconds'>;
  readonly levels: TargetLevels;
  readonly conditions: ConditionStore;
}

export const handler = createHandler({
  name: NAME,
  openConditions: () => openConditionStore(loadConfig(conditionsShape, process.env).OFFSET_TABLE),
  connect: async ({ logger, metrics }): Promise<Dependencies> => {
    const config = loadConfig(watchReplicaShape, process.env);
    const settings = {
      changes: { topic: CHANGES_TOPIC, group: CHANGES_GROUP },
      rows: { topic: SALARIES_TOPIC, group: SALARIES_GROUP, bucket: config.BUCKET_NAME },
      kafka: kafkaOf(config, NAME),
      targetDatabase: targetDatabaseOf(config, NAME),
      offsetTable: config.OFFSET_TABLE,
    };
    const connections = await openReplicaWatch(settings, logger, systemClock);
    const { replicaWatch, rowsWatch, leaseWatch, historyUpkeep } = connections;
    const watches = [replicaWatch, rowsWatch, leaseWatch, historyUpkeep];
    return { ...connections, watches, bucket: config.BUCKET_NAME, logger, metrics };
  },
  // A command says nothing of whether the watches of the schedule succeed.
  workOf: (event: unknown) => (isOperatorRequest(event) ? [] : [{ id: NAME }]),
  handle: async (
    { watches, leaseWatch, levels, conditions, logger, metrics, ...operator },
    event: unknown,
    context: Context,
  ) => {
    const request = decodeOperatorRequest(event);
    if (request !== null) return answerOperator(operator, request, context.awsRequestId);
    const clock = systemClock;
    const untilMs = clock.monotonicMs() + context.getRemainingTimeInMillis() - RESERVE_MS;
    const { gaps, failure } = await watchUntil({ watches, conditions, clock, logger, name: NAME }, untilMs);
    metrics.add(METRIC.gapsFound, gaps);
    metrics.add(METRIC.pollerLeaseAge, leaseWatch.takeGreatestAgeSeconds());
    await addLevels(levels, { logger, metrics });
    // Otherwise the alarm for a function that fails would not notice a watch that cannot look.
    if (failure !== null) throw failure;
    return { gaps };
  },
});

/** The watches look at the target too, so an outage of it is a failure without this. */
async function addLevels(levels: TargetLevels, { logger, metrics }: Telemetry): Promise<void> {
  try {
    const level = await levels.read();
    metrics.add(METRIC.deadLettersOpen, level.deadLettersOpen);
    metrics.add(METRIC.openDeadLetterAge, level.openDeadLetterAgeSeconds);
    metrics.add(METRIC.deadLettersParked, level.deadLettersParked);
    metrics.add(METRIC.replicaDifferences, level.replicaDifferences);
    metrics.add(METRIC.salaryDifferences, level.salaryDifferences);
    metrics.add(METRIC.verificationAge, level.verificationAgeSeconds);
  } catch (error) {
    logger.warn('the levels of the target could not be read', { reason: failureReason(error) });
  }
}
