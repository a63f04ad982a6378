import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateBucketCommand, GetObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { CreateTopicCommand, SNSClient, SubscribeCommand } from '@aws-sdk/client-sns';
import { CreateQueueCommand, GetQueueAttributesCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { AwsSender } from '../../../localstack/event-sources/destinations/sender.ts';
import { s3Client } from '../../support/event-sources/bucket-run.ts';
import { produce } from '../../support/event-sources/kafka-client.ts';
import { provisioned, withMapping } from '../../support/event-sources/mapping-run.ts';
import { eventually } from '../../support/eventually.ts';
import { endpoints, uniqueName } from '../../support/servers.ts';

let fauxqs: ChildProcess;
/** The endpoint of SQS and SNS. */
let messagingEndpoint: string;

beforeAll(async () => {
  const script = join(__dirname, '..', '..', 'support', 'event-sources', 'run-fauxqs.ts');
  fauxqs = spawn(process.execPath, [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  const [output] = await once(fauxqs.stdout as NodeJS.ReadableStream, 'data');
  messagingEndpoint = String(output).trim();
});
afterAll(() => fauxqs.stdin?.end());

const settings = () => {
  const { region, accessKeyId, secretAccessKey } = endpoints().s3;
  return { endpoint: messagingEndpoint, region, credentials: { accessKeyId, secretAccessKey } };
};

function s3Settings() {
  const { bucket: _, ...settings } = endpoints().s3;
  return settings;
}

/** A new queue, with its ARN and a way to receive from it. */
async function createQueue() {
  const client = new SQSClient(settings());
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName: uniqueName('failed') }));
  const { Attributes } = await client.send(new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }));
  const receiveMessage = () =>
    eventually(async () => {
      const command = new ReceiveMessageCommand({ QueueUrl, WaitTimeSeconds: 1, MessageAttributeNames: ['All'] });
      return (await client.send(command)).Messages?.[0];
    });
  const receive = async () => JSON.parse((await receiveMessage()).Body ?? '') as Record<string, unknown>;
  return { arn: Attributes?.['QueueArn'] ?? '', receive, receiveMessage, close: () => client.destroy() };
}

const failureRecordOf = (run: { groupId: string; topic: string }) => ({
  requestContext: { condition: 'RetryAttemptsExhausted', approximateInvokeCount: 1 },
  responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
  KafkaBatchInfo: {
    batchSize: 1,
    recordsInfo: { [`${run.topic}-0`]: { firstRecordOffset: '0', lastRecordOffset: '0' } },
  },
});

/** Delivers one record that fails, with the destination at its service's local endpoint. */
function withFailedRecord(
  destination: string,
  service: 'sqs' | 'sns' | 's3',
  check: (run: { groupId: string; topic: string }) => Promise<void>,
): Promise<void> {
  return withMapping(
    {
      properties: {
        ...provisioned,
        MaximumRetryAttempts: 0,
        DestinationConfig: { OnFailure: { Destination: destination } },
      },
      options: service === 's3' ? { s3: s3Settings() } : { destinationEndpoints: { [service]: messagingEndpoint } },
    },
    async (run) => {
      run.fn.respond = () => ({ functionError: 'Unhandled', body: '{"errorMessage":"no"}' });
      await produce(run.topic, [{ key: 'k', value: 'poison' }]);
      await run.start();
      await check(run);
      await eventually(() => run.metrics.OnFailureDestinationDeliveredEventCount === 1);
      expect(run.metrics.DroppedEventCount).toBe(0);
    },
  );
}

describe('Destinations at local endpoints', () => {
  test('[documented] failure record, SQS: a message without payload', async () => {
    const queue = await createQueue();
    await withFailedRecord(queue.arn, 'sqs', async (run) => {
      const record = await queue.receive();
      expect(record).toMatchObject(failureRecordOf(run));
      expect(record).not.toHaveProperty('payload');
    });
    queue.close();
  });

  test('[documented] failure record, SNS: published to the topic', async () => {
    const queue = await createQueue();
    const client = new SNSClient(settings());
    const { TopicArn = '' } = await client.send(new CreateTopicCommand({ Name: uniqueName('failed') }));
    await client.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: queue.arn }));
    await withFailedRecord(TopicArn, 'sns', async (run) => {
      const { TopicArn: from, Message } = await queue.receive();
      expect(from).toBe(TopicArn);
      expect(JSON.parse(String(Message))).toMatchObject(failureRecordOf(run));
    });
    client.destroy();
    queue.close();
  });

  test('[documented] failure record, S3: an object with the whole event as a string', async () => {
    const client = s3Client();
    const Bucket = uniqueName('failures');
    await client.send(new CreateBucketCommand({ Bucket }));
    await withFailedRecord(`arn:aws:s3:::${Bucket}`, 's3', async (run) => {
      const key = await eventually(
        async () => (await client.send(new ListObjectsV2Command({ Bucket }))).Contents?.[0]?.Key,
      );
      expect(key).toMatch(new RegExp(`^aws/lambda/[0-9a-f-]{36}/${run.topic}-0/\\d{4}/\\d\\d/\\d\\d/`));
      const { Body } = await client.send(new GetObjectCommand({ Bucket, Key: key }));
      const record = JSON.parse((await Body?.transformToString()) ?? '') as { payload: string };
      expect(record).toMatchObject(failureRecordOf(run));
      expect(JSON.parse(record.payload)).toMatchObject({ records: { [`${run.topic}-0`]: [{ offset: 0 }] } });
    });
    client.destroy();
  });

  test('[documented] dead letter attributes arrive with the messages of SQS and SNS', async () => {
    const [queue, subscribed] = [await createQueue(), await createQueue()];
    const topics = new SNSClient(settings());
    const { TopicArn = '' } = await topics.send(new CreateTopicCommand({ Name: uniqueName('dead') }));
    await topics.send(new SubscribeCommand({ TopicArn, Protocol: 'sqs', Endpoint: subscribed.arn }));
    const { region, credentials } = settings();
    const sender = new AwsSender({
      endpoints: { sqs: messagingEndpoint, sns: messagingEndpoint },
      ...{ region, credentials, directory: tmpdir() },
      invoker: { invoke: () => Promise.reject(new Error('expected no invocation')) },
    });
    const attributes = {
      RequestID: { DataType: 'String', StringValue: 'r' },
      ErrorCode: { DataType: 'Number', StringValue: '200' },
      ErrorMessage: { DataType: 'String', StringValue: 'broken \u{1F600}\n' },
    } as const;
    for (const arn of [queue.arn, TopicArn]) await sender.send(arn, '{"a":1}', 'unused', attributes);
    const message = await queue.receiveMessage();
    expect(message.Body).toBe('{"a":1}');
    expect(message.MessageAttributes).toMatchObject(attributes);
    const { Message, MessageAttributes } = await subscribed.receive();
    expect(Message).toBe('{"a":1}');
    expect(MessageAttributes).toMatchObject({ ErrorCode: { Type: 'Number', Value: '200' } });
    topics.destroy();
    queue.close();
    subscribed.close();
  });

  test('without an endpoint each document becomes a file, named after service, resource and time', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'destinations-'));
    const invoker = { invoke: () => Promise.reject(new Error('expected no invocation')) };
    const { region, credentials } = settings();
    const sender = new AwsSender({ endpoints: {}, region, credentials, directory, invoker });
    await sender.send('arn:aws:sqs:eu-central-1:123456789012:failed', '{"a":1}', 'unused');
    await sender.send('arn:aws:s3:::failures', '{"b":2}', 'aws/lambda/x');
    const [file = ''] = await readdir(join(directory, 'sqs', 'failed'));
    expect(file).toMatch(/^\d{4}-\d\d-\d\dT[\d.]+Z-[0-9a-f-]{36}\.json$/);
    expect(await readFile(join(directory, 'sqs', 'failed', file), 'utf8')).toBe('{"a":1}');
    expect(await readFile(join(directory, 's3', 'failures', 'aws', 'lambda', 'x'), 'utf8')).toBe('{"b":2}');
    await rm(directory, { recursive: true });
  });
});
