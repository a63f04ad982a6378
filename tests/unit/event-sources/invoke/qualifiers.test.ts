import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AsyncDestinations } from '../../../../localstack/event-sources/destinations/async-destinations.ts';
import {
  batchFailureRecord,
  recordFailureRecord,
} from '../../../../localstack/event-sources/destinations/failure-record.ts';
import { AwsSender } from '../../../../localstack/event-sources/destinations/sender.ts';
import { AsyncQueue } from '../../../../localstack/event-sources/invoke/async-queue.ts';
import { QueuedEventStore } from '../../../../localstack/event-sources/invoke/queued-event-store.ts';
import { FunctionInvocation } from '../../../../localstack/event-sources/kafka/delivery/function-invocation.ts';
import { KafkaEventSerializer } from '../../../../localstack/event-sources/kafka/event/kafka-event-serializer.ts';
import { MappingMetrics } from '../../../../localstack/event-sources/metrics/mapping-metrics.ts';
import type { AsyncFunction } from '../../../../localstack/event-sources/model/async-invocation.ts';
import type { FailedBatch } from '../../../../localstack/event-sources/model/failed-batch.ts';
import type { InvocationOutcome, InvocationRequest } from '../../../../localstack/event-sources/model/invocation.ts';
import { ObjectEventPublisher } from '../../../../localstack/event-sources/s3/object-event-publisher.ts';
import { ScheduleSource } from '../../../../localstack/event-sources/schedule/schedule-source.ts';
import { eventually } from '../../../support/eventually.ts';
import { JumpingClock } from '../jumping-clock.ts';
import { kafkaMapping, polledRecord, silentLog } from '../kafka/fixtures.ts';
import { RecordedStandstills } from '../recorded-standstills.ts';
import { modelOf } from '../template/read-model.ts';

const lambda = 'arn:aws:lambda:eu-central-1:123456789012:function';
const target = { name: 'fn', qualifier: 'live', arn: `${lambda}:fn`, timeoutSeconds: 3 };
const success: InvocationOutcome = { kind: 'success', statusCode: 200, body: 'null', requestId: 'r' };

let calls: InvocationRequest[];
let directory: string;
beforeEach(async () => {
  calls = [];
  directory = await mkdtemp(join(tmpdir(), 'qualifiers-'));
});
afterEach(() => rm(directory, { recursive: true, force: true }));

const invoker = {
  invoke: async (request: InvocationRequest) => {
    calls.push(request);
    return success;
  },
};

const newSender = () =>
  new AwsSender({
    endpoints: {},
    credentials: { accessKeyId: 'a', secretAccessKey: 'b' },
    region: 'eu-central-1',
    directory,
    invoker,
  });

test('a mapping invokes the version or alias that it names, and its failure records name it', async () => {
  const mapping = kafkaMapping({ function: target });
  const serializer = new KafkaEventSerializer(mapping);
  const metrics = new MappingMetrics();
  await new FunctionInvocation({ mapping, serializer, invoker, metrics, log: silentLog }).invoke([polledRecord(0)], 1);
  expect(calls).toMatchObject([{ functionName: 'fn', qualifier: 'live' }]);
  const batch: FailedBatch = { condition: 'RetryAttemptsExhausted', records: [polledRecord(0)], invokeCount: 1 };
  const functionArn = `${lambda}:fn:live`;
  expect(batchFailureRecord(mapping, serializer, batch, false, new Date())).toMatchObject({
    requestContext: { functionArn },
  });
  expect(recordFailureRecord(mapping, serializer, batch, polledRecord(0), new Date())).toMatchObject({
    requestContext: { functionArn },
  });
});

test('an asynchronous invocation and its destination have the version or alias, also after a restart', async () => {
  const sender = newSender();
  const fn: AsyncFunction = {
    ...target,
    asynchronous: { maximumRetryAttempts: 2, maximumEventAgeSeconds: 60, onSuccess: `${lambda}:done:7` },
  };
  const newQueue = () =>
    new AsyncQueue({
      store: new QueuedEventStore(join(directory, 'queue')),
      invoker,
      functions: (name) => (name === 'fn:live' ? fn : undefined),
      outcomes: new AsyncDestinations(sender, silentLog),
      log: silentLog,
      retryDelaysMs: [1],
      concurrency: 1,
      clock: new JumpingClock(),
      standstills: new RecordedStandstills(),
    });
  const before = newQueue();
  await before.recover();
  await before.enqueue('fn:live', '{}');
  const after = newQueue();
  await after.recover();
  after.start();
  await eventually(() => after.size === 0);
  expect(calls).toMatchObject([
    { functionName: 'fn', qualifier: 'live' },
    { functionName: 'done', qualifier: '7' },
  ]);
  expect(JSON.parse(calls[1]?.payload ?? '')).toMatchObject({ requestContext: { functionArn: `${lambda}:fn:live` } });
});

test('a destination that names $LATEST is invoked without a qualifier', async () => {
  await newSender().send(`${lambda}:done:$LATEST`, '{}', '');
  expect(calls).toEqual([{ functionName: 'done', payload: '{}' }]);
});

test('a bucket and a schedule queue events for the version or alias that they name', async () => {
  const queued: string[] = [];
  const queue = {
    enqueue: async (functionName: string, payload: string) => {
      queued.push(functionName);
      return { id: '', functionName, payload, enqueuedAt: 0, attempts: 0 };
    },
  };
  const Arn = `${lambda}:fn:live`;
  const { notifications, schedules, pseudoParameters } = modelOf({
    Resources: {
      Bucket: {
        Type: 'AWS::S3::Bucket',
        Properties: {
          NotificationConfiguration: { LambdaConfigurations: [{ Event: 's3:ObjectCreated:*', Function: Arn }] },
        },
      },
      Rule: {
        Type: 'AWS::Events::Rule',
        Properties: { ScheduleExpression: 'rate(1 minute)', Targets: [{ Id: 'fn', Arn }] },
      },
    },
  });
  const common = { queue, log: silentLog, region: 'eu-central-1', accountId: '123456789012' };
  const publisher = new ObjectEventPublisher({ ...common, bucket: 'b', notifications, eventVersion: '2.1' });
  await publisher.publish({ eventName: 'ObjectCreated:Put', key: 'k', sequencer: '1', time: new Date() }, 'mark');
  const clock = new JumpingClock();
  const stateFile = join(directory, 'schedules.json');
  const source = new ScheduleSource({ schedules, queue, context: pseudoParameters, stateFile, log: silentLog, clock });
  jest.useFakeTimers();
  try {
    source.start();
    clock.advance(61_000);
    jest.advanceTimersByTime(61_000);
  } finally {
    source.stop();
    jest.useRealTimers();
  }
  expect(queued).toEqual(['fn:live', 'fn:live']);
});
