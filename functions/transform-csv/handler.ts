import { LambdaClient } from '@aws-sdk/client-lambda';
import { openConditionStore } from '../adapters/dynamodb/open-condition-store.ts';
import { KafkaDeadLetterQueue } from '../adapters/kafka/kafka-dead-letter-queue.ts';
import { KafkaRecordPublisher } from '../adapters/kafka/kafka-record-publisher.ts';
import { LambdaFunctionInvoker } from '../adapters/lambda/lambda-function-invoker.ts';
import { Database } from '../adapters/postgres/database.ts';
import { PostgresIngestionLedger } from '../adapters/postgres/postgres-ingestion-ledger.ts';
import { createS3Client } from '../adapters/s3/s3-client.ts';
import { S3ObjectStore } from '../adapters/s3/s3-object-store.ts';
import { SALARIES_DEAD_LETTER_TOPIC } from '../core/topics.ts';
import { conditionsShape, kafkaOf, loadConfig, salaryFilterOf, targetDatabaseOf } from '../runtime/config.ts';
import { createHandler } from '../runtime/handler.ts';
import { METRIC } from '../runtime/metrics.ts';
import { systemClock } from '../runtime/system-clock.ts';
import { transformCsvShape } from './config.ts';
import { CsvTransformer } from './csv-transformer.ts';
import { RereadableObjectStore } from './rereadable-object-store.ts';
import { RetryingIngestionLedger } from './retries/retrying-ingestion-ledger.ts';
import { RetryingObjectStore } from './retries/retrying-object-store.ts';
import { RetryingRecordPublisher } from './retries/retrying-record-publisher.ts';
import { decodeTransformEvent, filesOf } from './transform-event.ts';

const NAME = 'transform-csv';

export const handler = createHandler({
  name: NAME,
  openConditions: () => openConditionStore(loadConfig(conditionsShape, process.env).OFFSET_TABLE),
  workOf: filesOf(NAME),
  connect: async ({ logger, metrics }) => {
    const config = loadConfig(transformCsvShape, process.env);
    const database = await Database.open(targetDatabaseOf(config, NAME));
    const retries = { logger, clock: systemClock };
    const publisher = new RetryingRecordPublisher(new KafkaRecordPublisher(kafkaOf(config, NAME)), retries);
    const transformer = new CsvTransformer({
      store: new RereadableObjectStore(new RetryingObjectStore(new S3ObjectStore(createS3Client()), retries)),
      ledger: new RetryingIngestionLedger(new PostgresIngestionLedger(database), retries),
      publisher,
      deadLetters: new KafkaDeadLetterQueue(publisher, SALARIES_DEAD_LETTER_TOPIC),
      transformCsv: new LambdaFunctionInvoker(new LambdaClient({}), config.AWS_LAMBDA_FUNCTION_NAME),
      logger,
      clock: systemClock,
      filter: salaryFilterOf(config),
      marginMs: config.CONTINUE_BEFORE_END_SECONDS * 1000,
    });
    return { transformer, logger, metrics };
  },
  handle: async ({ transformer, logger, metrics }, event: unknown, context) => {
    const { checkpoints, ignoredKeys } = decodeTransformEvent(event);
    for (const key of ignoredKeys) logger.info('object ignored, because it is not a created .csv', { key });
    const deadline = { remainingMs: () => context.getRemainingTimeInMillis() };
    const [first, ...further] = checkpoints;
    for (const checkpoint of further) await transformer.continueInNewInvocation(checkpoint);
    if (first === undefined) return;
    const { bucket, key, version } = first.arrival;
    const { state, counts } = await transformer.transform(first, deadline);
    logger.info('file transformed', { bucket, key, version, state, counts });
    const before = first.phase === 'send' ? first.counts : { sent: 0, rejected: 0 };
    metrics.add(METRIC.rowsSent, counts.sent - before.sent);
    metrics.add(METRIC.rowsRejected, counts.rejected - before.rejected);
    if (state === 'rejected') metrics.add(METRIC.filesRejected, 1);
  },
});
