import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { KafkaTopicAdmin } from '../../../functions/adapters/kafka/kafka-topic-admin.ts';
import { uniqueName } from '../servers.ts';
import { createPatientDynamoClient } from './wiring.ts';

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
