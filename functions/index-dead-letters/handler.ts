import { openConditionStore } from '../adapters/dynamodb/open-condition-store.ts';
import { Database } from '../adapters/postgres/database.ts';
import { PostgresDeadLetterLedger } from '../adapters/postgres/postgres-dead-letter-ledger.ts';
import { CHANGES_DEAD_LETTER_GROUP, CHANGES_DEAD_LETTER_TOPIC, SALARIES_DEAD_LETTER_GROUP } from '../core/topics.ts';
import { conditionsShape, loadConfig, targetDatabaseOf } from '../runtime/config.ts';
import { createHandler } from '../runtime/handler.ts';
import { decodeKafkaEvent, type KafkaEvent, partitionsOf } from '../runtime/kafka-event.ts';
import { indexDeadLettersShape } from './config.ts';
import { DeadLetterIndexer } from './dead-letter-indexer.ts';

const NAME = 'index-dead-letters';

const groupOf = (topic: string) =>
  topic === CHANGES_DEAD_LETTER_TOPIC ? CHANGES_DEAD_LETTER_GROUP : SALARIES_DEAD_LETTER_GROUP;

export const handler = createHandler({
  name: NAME,
  openConditions: () => openConditionStore(loadConfig(conditionsShape, process.env).OFFSET_TABLE),
  workOf: partitionsOf(NAME, groupOf),
  connect: async ({ logger }) => {
    const database = await Database.open(targetDatabaseOf(loadConfig(indexDeadLettersShape, process.env), NAME));
    return { indexer: new DeadLetterIndexer(new PostgresDeadLetterLedger(database)), logger };
  },
  handle: async ({ indexer, logger }, event: KafkaEvent) => {
    logger.info('dead letters indexed', { ...(await indexer.index(decodeKafkaEvent(event))) });
  },
});
