import { openConditionStore } from '../adapters/dynamodb/open-condition-store.ts';
import { CHANGES_DEAD_LETTER_TOPIC } from '../core/topics.ts';
import { conditionsShape, kafkaOf, loadConfig, targetDatabaseOf } from '../runtime/config.ts';
import { createHandler } from '../runtime/handler.ts';
import { decodeKafkaEvent, type KafkaEvent, partitionsOf, restoreChanges } from '../runtime/kafka-event.ts';
import { CHANGE_LATENCY, METRIC } from '../runtime/metrics.ts';
import { systemClock } from '../runtime/system-clock.ts';
import { applyChangesShape } from './config.ts';
import { TombstoneCleaner } from './tombstone-cleaner.ts';
import { openApplier } from './wiring.ts';

const NAME = 'apply-changes';

export const handler = createHandler({
  name: NAME,
  openConditions: () => openConditionStore(loadConfig(conditionsShape, process.env).OFFSET_TABLE),
  workOf: partitionsOf(NAME, NAME),
  connect: async ({ logger, metrics }) => {
    const config = loadConfig(applyChangesShape, process.env);
    const { applier, tombstones } = await openApplier({
      kafka: kafkaOf(config, NAME),
      deadLetterTopic: CHANGES_DEAD_LETTER_TOPIC,
      group: NAME,
      targetDatabase: targetDatabaseOf(config, NAME),
      rules: config.CDC_RULES,
    });
    return { applier, tombstoneCleaner: new TombstoneCleaner(tombstones, systemClock), logger, metrics };
  },
  handle: async ({ applier, tombstoneCleaner, logger, metrics }, event: KafkaEvent, context) => {
    const deadline = { remainingMs: () => context.getRemainingTimeInMillis() };
    const result = await applier.apply(restoreChanges(decodeKafkaEvent(event)), deadline);
    // Hundreds of batches a second would flood the log, so only those with dead letters are logged by default.
    if (result.deadLettered > 0) logger.warn('batch applied with dead letters', { ...result });
    else logger.debug('batch applied', { ...result });
    metrics.add(METRIC.changesApplied, result.applied);
    metrics.add(METRIC.recordsDeadLettered, result.deadLettered);
    metrics.addLatency(CHANGE_LATENCY, result.latency);
    await tombstoneCleaner.cleanWhenDue(logger);
  },
});
