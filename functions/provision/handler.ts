import { join } from 'node:path';
import { openConditionStore } from '../adapters/dynamodb/open-condition-store.ts';
import { KafkaTopicAdmin } from '../adapters/kafka/kafka-topic-admin.ts';
import { Database } from '../adapters/postgres/database.ts';
import { PostgresCaptureInstaller } from '../adapters/postgres/postgres-capture-installer.ts';
import { PostgresSchemaMigrator } from '../adapters/postgres/postgres-schema-migrator.ts';
import { conditionsShape, kafkaOf, loadConfig, sourceDatabaseOf, targetDatabaseOf } from '../runtime/config.ts';
import { createHandler } from '../runtime/handler.ts';
import { provisionShape } from './config.ts';
import { isCustomResourceEvent, respondToCloudFormation } from './custom-resource.ts';
import { readMigrations } from './migration-files.ts';
import { Provisioner } from './provisioner.ts';

const NAME = 'provision';

/** `sql/` has the same place relative to this file in the repository and in the deployed package. */
const SQL = join(import.meta.dirname, '../../sql');

async function connect() {
  const config = loadConfig(provisionShape, process.env);
  const [source, target] = await Promise.all([
    Database.open(sourceDatabaseOf(config, NAME)),
    Database.open(targetDatabaseOf(config, NAME)),
  ]);
  return new Provisioner({
    source: new PostgresSchemaMigrator(source),
    target: new PostgresSchemaMigrator(target),
    capture: new PostgresCaptureInstaller(source),
    topics: new KafkaTopicAdmin(kafkaOf(config, NAME)),
    readMigrations: (folder) => readMigrations(join(SQL, folder)),
    partitions: config.TOPIC_PARTITIONS,
  });
}

/** Returns a report when it is invoked directly, and responds to CloudFormation when it is invoked as a custom resource. */
export const handler = createHandler({
  name: NAME,
  openConditions: () => openConditionStore(loadConfig(conditionsShape, process.env).OFFSET_TABLE),
  // `handle` connects, because CloudFormation must also receive a failure to connect.
  connect: ({ logger }) => ({ logger }),
  handle: async ({ logger }, event: unknown) => {
    if (isCustomResourceEvent(event) && event.RequestType === 'Delete') {
      await respondToCloudFormation(event, {});
      return undefined;
    }
    try {
      const report = await (await connect()).provision();
      logger.info('provisioned', { ...report });
      if (isCustomResourceEvent(event)) await respondToCloudFormation(event, {});
      return report;
    } catch (error) {
      if (!isCustomResourceEvent(event)) throw error;
      // Not thrown: CloudFormation rolls back now, and a retry by Lambda would provision again during the rollback.
      logger.error('provisioning failed', error as Error);
      await respondToCloudFormation(event, { error: error as Error });
      return undefined;
    }
  },
});
