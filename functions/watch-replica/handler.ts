import type { Context } from 'aws-lambda';
import { openConditionStore } from '../adapters/dynamodb/open-condition-store.ts';
import { CHANGES_GROUP, CHANGES_TOPIC, SALARIES_GROUP, SALARIES_TOPIC } from '../core/topics.ts';
import { conditionsShape, kafkaOf, loadConfig, targetDatabaseOf } from '../runtime/config.ts';
import { createHandler } from '../runtime/handler.ts';
import { addMetric, METRIC } from '../runtime/metrics.ts';
import { systemClock } from '../runtime/system-clock.ts';
import { watchReplicaShape } from './config.ts';
import { watchUntil } from './watch-loop.ts';
import { openReplicaWatch } from './wiring.ts';

const NAME = 'watch-replica';

/** Time reserved at the end of an invocation, for a look that waits for a server that does not respond. */
const RESERVE_MS = 15_000;

export const handler = createHandler({
  name: NAME,
  openConditions: () => openConditionStore(loadConfig(conditionsShape, process.env).OFFSET_TABLE),
  connect: async ({ logger, metrics }) => {
    const config = loadConfig(watchReplicaShape, process.env);
    const settings = {
      changes: { topic: CHANGES_TOPIC, group: CHANGES_GROUP },
      rows: { topic: SALARIES_TOPIC, group: SALARIES_GROUP, bucket: config.BUCKET_NAME },
      kafka: kafkaOf(config, NAME),
      targetDatabase: targetDatabaseOf(config, NAME),
      offsetTable: config.OFFSET_TABLE,
    };
    return { ...(await openReplicaWatch(settings, logger, systemClock)), logger, metrics };
  },
  handle: async (
    { replicaWatch, rowsWatch, historyUpkeep, conditions, logger, metrics },
    _event: unknown,
    context: Context,
  ) => {
    const clock = systemClock;
    const untilMs = clock.monotonicMs() + context.getRemainingTimeInMillis() - RESERVE_MS;
    const watches = [replicaWatch, rowsWatch, historyUpkeep];
    const { gaps, failure } = await watchUntil({ watches, conditions, clock, logger, name: NAME }, untilMs);
    addMetric(metrics, METRIC.gapsFound, gaps);
    // Otherwise the alarm for a function that fails would not notice a watch that cannot look.
    if (failure !== null) throw failure;
    return { gaps };
  },
});
