import { join } from 'node:path';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { KafkaTopicAdmin } from '../../../functions/adapters/kafka/kafka-topic-admin.ts';
import { Database } from '../../../functions/adapters/postgres/database.ts';
import { PostgresCaptureInstaller } from '../../../functions/adapters/postgres/postgres-capture-installer.ts';
import { PostgresSchemaMigrator } from '../../../functions/adapters/postgres/postgres-schema-migrator.ts';
import { readMigrations } from '../../../functions/provision/migration-files.ts';
import { uniqueName } from '../servers.ts';
import { createPatientDynamoClient } from './wiring.ts';

const SQL_DIRECTORY = join(__dirname, '../../../sql');

/** Installs or mends the capture of changes, as `provision` does. @returns what was mended. */
export async function mendCapture(url: string): Promise<readonly string[]> {
  const database = await Database.open({ url, applicationName: 'test-capture' });
  try {
    return await installCapture(database);
  } finally {
    await database.close();
  }
}

async function installCapture(database: Database): Promise<readonly string[]> {
  return new PostgresCaptureInstaller(database).install(await readMigrations(join(SQL_DIRECTORY, 'capture')));
}

export async function applyMigrations(url: string, which: 'source' | 'target'): Promise<void> {
  const database = await Database.open({ url, applicationName: 'test-migrations' });
  try {
    await new PostgresSchemaMigrator(database).migrate(await readMigrations(join(SQL_DIRECTORY, which)));
    if (which === 'source') await installCapture(database);
  } finally {
    await database.close();
  }
}

/** Creates a topic as `provision` does. @returns its name. */
export async function createPipelineTopic(
  brokers: readonly string[],
  prefix: string,
  partitionCount: number,
): Promise<string> {
  const topic = uniqueName(prefix);
  const admin = new KafkaTopicAdmin({ brokers, auth: 'none', clientId: 'test-topics' });
  await admin.createTopics([{ topic, partitions: partitionCount, config: {} }]);
  return topic;
}

/** @returns the name of a new DynamoDB table for a poller's ledger. */
export async function createOffsetTable(endpoint: string): Promise<string> {
  const client = createPatientDynamoClient(endpoint);
  const name = uniqueName('offsets');
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  client.destroy();
  return name;
}
