import { CreateTableCommand, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { createDynamoDbClient, createS3Client } from '../../../localstack/stack/aws-clients.ts';
import type { StackEndpoints } from '../../../localstack/stack/endpoints.ts';
import { makeTopic } from '../../support/servers.ts';

/** What `writeToAllServers` stores in each server. */
export const written = { source: 'Ä', target: 'Ä', s3: 'Ä', dynamodb: 'Ä', kafka: ['Ä'] };

export async function writeToAllServers(endpoints: StackEndpoints): Promise<void> {
  for (const url of [endpoints.sourceDatabaseUrl, endpoints.targetDatabaseUrl]) {
    await query(url, "create table kept as select 'Ä'::text as value");
  }
  const s3 = createS3Client(endpoints.s3);
  await s3.send(new CreateBucketCommand({ Bucket: 'kept' }));
  await s3.send(new PutObjectCommand({ Bucket: 'kept', Key: 'kept', Body: 'Ä' }));
  const dynamodb = createDynamoDbClient(endpoints);
  await dynamodb.send(
    new CreateTableCommand({
      TableName: 'kept',
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  await dynamodb.send(new PutItemCommand({ TableName: 'kept', Item: { id: { S: 'kept' }, value: { S: 'Ä' } } }));
  const kafka = kafkaClient(endpoints);
  const [admin, producer] = [kafka.admin(), kafka.producer({ idempotent: true })];
  await admin.connect();
  await makeTopic(admin, 'kept', 1);
  await admin.disconnect();
  await producer.connect();
  await producer.send({ topic: 'kept', acks: -1, messages: [{ value: 'Ä' }] });
  await producer.disconnect();
}

export async function readFromAllServers(endpoints: StackEndpoints): Promise<typeof written> {
  const { Body } = await createS3Client(endpoints.s3).send(new GetObjectCommand({ Bucket: 'kept', Key: 'kept' }));
  const { Item } = await createDynamoDbClient(endpoints).send(
    new GetItemCommand({ TableName: 'kept', Key: { id: { S: 'kept' } }, ConsistentRead: true }),
  );
  return {
    source: await query(endpoints.sourceDatabaseUrl, 'select value from kept'),
    target: await query(endpoints.targetDatabaseUrl, 'select value from kept'),
    s3: (await Body?.transformToString()) ?? '',
    dynamodb: Item?.['value']?.S ?? '',
    kafka: await readTopic(endpoints),
  };
}

async function readTopic(endpoints: StackEndpoints): Promise<string[]> {
  const groupId = `reader-${Date.now()}`;
  const consumer = kafkaClient(endpoints).consumer({ groupId });
  await consumer.connect();
  await consumer.subscribe({ topics: ['kept'], fromBeginning: true });
  const values = await new Promise<string[]>((resolve, reject) => {
    consumer
      .run({ eachBatch: async ({ batch }) => resolve(batch.messages.map(({ value }) => String(value))) })
      .catch(reject);
  });
  await consumer.disconnect();
  return values;
}

async function query(connectionString: string, text: string): Promise<string> {
  const client = new pg.Client({ connectionString });
  await client.connect();
  try {
    return String((await client.query(text)).rows[0]?.value);
  } finally {
    await client.end();
  }
}

function kafkaClient({ kafka }: StackEndpoints): Kafka {
  return new Kafka({ clientId: 'local-stack-test', brokers: kafka.brokers, logLevel: logLevel.NOTHING });
}
