import { openConditionStore } from '../adapters/dynamodb/open-condition-store.ts';
import { KafkaDeadLetterQueue } from '../adapters/kafka/kafka-dead-letter-queue.ts';
import { KafkaRecordPublisher } from '../adapters/kafka/kafka-record-publisher.ts';
import { Database } from '../adapters/postgres/database.ts';
import { PostgresSalaryTables } from '../adapters/postgres/postgres-salary-tables.ts';
import { SALARIES_DEAD_LETTER_TOPIC } from '../core/topics.ts';
import { conditionsShape, kafkaOf, loadConfig, targetDatabaseOf } from '../runtime/config.ts';
import { createHandler } from '../runtime/handler.ts';
import { decodeKafkaEvent, type KafkaEvent, partitionsOf, restoreDeadLetters } from '../runtime/kafka-event.ts';
import { METRIC, ROW_LATENCY } from '../runtime/metrics.ts';
import { createTickRecorder } from '../runtime/tick-recorder.ts';
import { loadSalariesShape } from './config.ts';
import { SalaryLoader } from './salary-loader.ts';

const NAME = 'load-salaries';

export const handler = createHandler({
  name: NAME,
  openConditions: () => openConditionStore(loadConfig(conditionsShape, process.env).OFFSET_TABLE),
  workOf: partitionsOf(NAME, NAME),
  connect: async ({ logger, metrics }) => {
    const config = loadConfig(loadSalariesShape, process.env);
    const database = await Database.open(targetDatabaseOf(config, NAME));
    const publisher = new KafkaRecordPublisher(kafkaOf(config, NAME));
    const deadLetters = new KafkaDeadLetterQueue(publisher, SALARIES_DEAD_LETTER_TOPIC, NAME);
    const loader = new SalaryLoader(new PostgresSalaryTables(database), deadLetters, createTickRecorder(NAME));
    return { loader, logger, metrics };
  },
  handle: async ({ loader, logger, metrics }, event: KafkaEvent) => {
    const result = await loader.load(restoreDeadLetters(decodeKafkaEvent(event)));
    logger.info('batch loaded', { ...result });
    metrics.add(METRIC.rowsLoaded, result.loaded);
    metrics.add(METRIC.recordsDeadLettered, result.deadLettered);
    metrics.addLatency(ROW_LATENCY, result.latency);
  },
});
