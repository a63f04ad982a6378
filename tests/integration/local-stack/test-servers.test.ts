import { createHash } from 'node:crypto';
import { DynamoDBClient, ListTablesCommand } from '@aws-sdk/client-dynamodb';
import { CreateBucketCommand, GetObjectCommand, PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { createDatabase, createTopic, endpoints, uniqueName } from '../../support/servers.ts';

test.each(['source', 'target'] as const)('createDatabase creates an empty %s database in UTF-8', async (which) => {
  const client = new pg.Client({ connectionString: await createDatabase(which) });
  await client.connect();
  const { rows } = await client.query("select current_setting('server_encoding') as encoding, length('日本')");
  await client.end();
  expect(rows).toEqual([{ encoding: 'UTF8', length: 2 }]);
});

test('createTopic creates a topic with the number of partitions', async () => {
  const topic = await createTopic('support', 3);
  const admin = new Kafka({ brokers: endpoints().kafka.brokers, logLevel: logLevel.NOTHING }).admin();
  await admin.connect();
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  await admin.disconnect();
  expect(topics[0]?.partitions).toHaveLength(3);
});

test('DynamoDB answers', async () => {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint: endpoints().dynamodb.endpoint, region: 'us-east-1', credentials });
  expect((await client.send(new ListTablesCommand({}))).TableNames).toEqual(expect.any(Array));
  client.destroy();
});

test('S3 stores objects, also empty ones, under any key', async () => {
  const { s3 } = endpoints();
  const client = new S3Client({ endpoint: s3.endpoint, region: s3.region, credentials: s3, forcePathStyle: true });
  const Bucket = uniqueName('bucket');
  await client.send(new CreateBucketCommand({ Bucket }));
  await client.send(new PutObjectCommand({ Bucket, Key: 'a b/ü+.csv', Body: 'x,y\n' }));
  await client.send(new PutObjectCommand({ Bucket, Key: 'empty.csv', Body: new Uint8Array() }));
  const { Body, ETag } = await client.send(new GetObjectCommand({ Bucket, Key: 'a b/ü+.csv' }));
  expect(await Body?.transformToString()).toBe('x,y\n');
  expect(ETag).toBe(`"${createHash('md5').update('x,y\n').digest('hex')}"`);
  client.destroy();
});
