import { join } from 'node:path';
import { createKafka } from '../adapters/kafka/kafka-client.ts';
import { createTopics } from '../adapters/kafka/topic-admin.ts';
import { Database } from '../adapters/postgres/database.ts';
import { migrate } from '../adapters/postgres/migrations.ts';
import { kafkaOf, loadConfig, sourceDatabaseOf, targetDatabaseOf } from '../runtime/config.ts';
import { createHandler } from '../runtime/handler.ts';
import { provisionShape } from './config.ts';
import { answerCloudFormation, isCustomResourceEvent } from './custom-resource.ts';
import { readMigrations } from './migration-files.ts';
import { Provisioner } from './provisioner.ts';

const NAME = 'provision';

/** `sql/` lies at the same place beside the sources and in the deployed package. */
const SQL = join(import.meta.dirname, '../../sql');

async function connect() {
  const config = loadConfig(provisionShape, process.env);
  const [source, target] = await Promise.all([
    Database.open(sourceDatabaseOf(config, NAME)),
    Database.open(targetDatabaseOf(config, NAME)),
  ]);
  const kafka = createKafka(kafkaOf(config, NAME));
  return new Provisioner(
    {
      migrateSource: async () => migrate(source, await readMigrations(join(SQL, 'source'))),
      migrateTarget: async () => migrate(target, await readMigrations(join(SQL, 'target'))),
      createTopics: (topics) => createTopics(kafka, topics),
    },
    config.TOPIC_PARTITIONS,
  );
}

/** Invoked directly it answers with what it did; as a custom resource it answers CloudFormation. */
export const handler = createHandler({
  name: NAME,
  // Connecting belongs to the work here: CloudFormation must hear of its failure, too.
  connect: ({ logger }) => ({ logger }),
  handle: async ({ logger }, event: unknown) => {
    if (isCustomResourceEvent(event) && event.RequestType === 'Delete') {
      await answerCloudFormation(event, {});
      return undefined;
    }
    try {
      const report = await (await connect()).provision();
      logger.info('provisioned', { ...report });
      if (isCustomResourceEvent(event)) await answerCloudFormation(event, {});
      return report;
    } catch (error) {
      if (!isCustomResourceEvent(event)) throw error;
      // CloudFormation hears of it and rolls back. Thrown, it would bring the event again and work against that.
      logger.error('provisioning failed', error as Error);
      await answerCloudFormation(event, { error: error as Error });
      return undefined;
    }
  },
});
