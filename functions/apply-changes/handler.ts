import { KafkaDeadLetterQueue } from '../adapters/kafka/kafka-dead-letter-queue.ts';
import { KafkaRecordPublisher } from '../adapters/kafka/kafka-record-publisher.ts';
import { Database } from '../adapters/postgres/database.ts';
import { assertUtf8 } from '../adapters/postgres/encoding.ts';
import { EMPLOYEE_REPLICA_SESSION, PostgresEmployeeReplica } from '../adapters/postgres/postgres-employee-replica.ts';
import { CHANGES_DEAD_LETTER_TOPIC } from '../core/topics.ts';
import { kafkaOf, loadConfig, targetDatabaseOf } from '../runtime/config.ts';
import { createHandler } from '../runtime/handler.ts';
import { decodeKafkaEvent, type KafkaEvent } from '../runtime/kafka-event.ts';
import { METRIC } from '../runtime/metric-names.ts';
import { systemClock } from '../runtime/system-clock.ts';
import { ChangeApplier } from './change-applier.ts';
import { applyChangesShape } from './config.ts';
import { TombstoneCleaner } from './tombstone-cleaner.ts';

const NAME = 'apply-changes';

export const handler = createHandler({
  name: NAME,
  connect: async ({ logger, metrics }) => {
    const config = loadConfig(applyChangesShape, process.env);
    const database = await Database.open({
      ...targetDatabaseOf(config, NAME),
      sessionSettings: EMPLOYEE_REPLICA_SESSION,
    });
    await assertUtf8(database, 'target');
    const replica = new PostgresEmployeeReplica(database);
    const publisher = new KafkaRecordPublisher(kafkaOf(config, NAME));
    const deadLetters = new KafkaDeadLetterQueue(publisher, CHANGES_DEAD_LETTER_TOPIC);
    return {
      applier: new ChangeApplier(replica, deadLetters, config.CDC_RULES),
      tombstones: new TombstoneCleaner(replica, systemClock),
      logger,
      metrics,
    };
  },
  handle: async ({ applier, tombstones, logger, metrics }, event: KafkaEvent) => {
    const result = await applier.apply(decodeKafkaEvent(event));
    // Some hundred batches a second are nothing to write about; one with dead letters is.
    if (result.deadLettered > 0) logger.warn('batch applied with dead letters', { ...result });
    else logger.debug('batch applied', { ...result });
    metrics.addMetric(METRIC.changesApplied, 'Count', result.applied);
    metrics.addMetric(METRIC.recordsDeadLettered, 'Count', result.deadLettered);
    await tombstones.cleanWhenDue();
  },
});
