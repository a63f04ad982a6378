import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createTopic } from '../support/servers.ts';
import {
  clusterArn,
  committed,
  eventually,
  kafka,
  type MappingRun,
  produce,
  provisioned,
  withMapping,
} from './event-sources/mapping-run.ts';
import type { KafkaEvent } from './event-sources/recording-function.ts';

jest.setTimeout(60_000);

const failed = { functionError: 'Unhandled', body: '{"errorMessage":"no"}' };
const queue = 'arn:aws:sqs:eu-central-1:123456789012:failures';
const onFailure = (destination: string) => ({ DestinationConfig: { OnFailure: { Destination: destination } } });
const messages = (...texts: string[]) => texts.map((value) => ({ value, partition: 0 }));
const offsets = (event: KafkaEvent | undefined) =>
  Object.values(event?.records ?? {}).flatMap((records) => records.map(({ offset }) => offset));
const valuesOf = (event: KafkaEvent) =>
  Object.values(event.records).flatMap((records) =>
    records.map(({ value }) => Buffer.from(value ?? '', 'base64').toString()),
  );
const invokedOffsets = (run: MappingRun) => run.fn.invocations.map(({ event }) => offsets(event));

async function failureFiles(
  run: MappingRun,
  service: string,
): Promise<{ path: string; document: Record<string, never> }[]> {
  const directory = join(run.directory, 'destinations', service);
  const files = await readdir(directory, { recursive: true, withFileTypes: true }).catch(() => []);
  return Promise.all(
    files
      .filter((file) => file.isFile())
      .map(async ({ parentPath, name }) => ({
        path: join(parentPath, name).slice(directory.length + 1),
        document: JSON.parse(await readFile(join(parentPath, name), 'utf8')) as Record<string, never>,
      })),
  );
}

async function read(topic: string, count: number) {
  const consumer = kafka().consumer({ groupId: `reader-${topic}`, maxWaitTimeInMs: 100 });
  const found: { key: string | null; document: Record<string, unknown>; headers: object }[] = [];
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  await consumer.run({
    eachMessage: async ({ message }) => {
      found.push({
        key: message.key?.toString() ?? null,
        document: JSON.parse(message.value?.toString() ?? '') as Record<string, unknown>,
        headers: message.headers ?? {},
      });
    },
  });
  await eventually(() => found.length >= count, `${count} messages on ${topic}`);
  await consumer.disconnect();
  return found;
}

describe('Errors', () => {
  test('[documented] a failed batch comes again whole, nothing later of its partition meanwhile; others go on', () =>
    withMapping({ partitions: 2, properties: { BatchSize: 2 } }, async (run) => {
      let failures = 0;
      run.fn.answer = (event) =>
        valuesOf(event).includes('bad') && failures++ < 2 ? { ...failed, delayMs: 100 } : { delayMs: 10 };
      await produce(run.topic, [
        ...messages('bad', 'b', 'c'),
        ...['x', 'y', 'z'].map((value) => ({ value, partition: 1 })),
      ]);
      await run.start();
      await run.fn.until(() => run.fn.values.includes('c') && run.fn.values.includes('z'), 'both partitions');
      const first = run.fn.invocations.filter(({ event }) => event.records[`${run.topic}-0`] !== undefined);
      expect(first.slice(0, 3).every(({ event }) => valuesOf(event).includes('bad'))).toBe(true);
      expect(first.slice(0, 3).some(({ event }) => valuesOf(event).includes('c'))).toBe(false);
      const zEnd = run.fn.invocations.find(({ event }) => valuesOf(event).includes('z'))?.endedAt ?? Number.NaN;
      const cStart = run.fn.invocations.find(({ event }) => valuesOf(event).includes('c'))?.startedAt ?? Number.NaN;
      expect(zEnd).toBeLessThan(cStart);
    }));

  test('[documented] nothing is committed before success', () =>
    withMapping({}, async (run) => {
      let succeed = false;
      run.fn.answer = () => (succeed ? {} : failed);
      await produce(run.topic, messages('a', 'b'));
      await run.start();
      await run.fn.until(() => run.fn.invocations.length >= 5, 'five attempts');
      expect(await committed(run.groupId, run.topic)).toEqual({ 0: 0 });
      succeed = true;
      await eventually(async () => (await committed(run.groupId, run.topic))[0] === 2, 'the commit');
    }));

  test('[documented] MaximumRetryAttempts N: N + 1 invocations, then the failure record and the next batch', () =>
    withMapping(
      { properties: { ...provisioned, BatchSize: 2, MaximumRetryAttempts: 2, ...onFailure(queue) } },
      async (run) => {
        run.fn.answer = (event) => (valuesOf(event).includes('bad') ? failed : {});
        await produce(run.topic, messages('bad', 'b', 'c'));
        await run.start();
        await run.fn.until(() => run.fn.values.includes('c'), 'the next batch');
        expect(invokedOffsets(run)).toEqual([[0, 1], [0, 1], [0, 1], [2]]);
        const [file] = await failureFiles(run, 'sqs');
        expect(file?.document).toEqual({
          requestContext: {
            requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
            functionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:recording',
            condition: 'RetryAttemptsExhausted',
            approximateInvokeCount: 3,
          },
          responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
          version: '1.0',
          timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
          KafkaBatchInfo: {
            batchSize: 2,
            eventSourceArn: clusterArn,
            bootstrapServers: expect.any(String),
            payloadSize: Buffer.byteLength(run.fn.invocations[0]?.payload ?? ''),
            recordsInfo: {
              [`${run.topic}-0`]: {
                firstRecordOffset: '0',
                lastRecordOffset: '1',
                firstRecordTimestamp: expect.stringMatching(/Z$/),
                lastRecordTimestamp: expect.stringMatching(/Z$/),
              },
            },
          },
        });
        expect(run.metrics).toMatchObject({
          InvokedEventCount: 7,
          FailedInvokeEventCount: 6,
          OnFailureDestinationDeliveredEventCount: 2,
          DroppedEventCount: 0,
        });
      },
    ));

  test('[documented] without a destination the records are dropped and counted', () =>
    withMapping({ properties: { ...provisioned, MaximumRetryAttempts: 0 } }, async (run) => {
      run.fn.answer = () => failed;
      await produce(run.topic, messages('a', 'b'));
      await run.start();
      await eventually(async () => (await committed(run.groupId, run.topic))[0] === 2, 'the commit past them');
      expect(run.fn.invocations).toHaveLength(1);
      expect(run.metrics.DroppedEventCount).toBe(2);
    }));

  test('[documented] endless retries end after ten when there is a destination: eleven invocations', () =>
    withMapping({ properties: onFailure('arn:aws:sns:eu-central-1:123456789012:failures') }, async (run) => {
      run.fn.answer = (event) => (valuesOf(event).includes('bad') ? failed : {});
      await produce(run.topic, messages('bad'));
      await run.start();
      await eventually(async () => (await failureFiles(run, 'sns')).length === 1, 'the failure record');
      expect(run.fn.invocations).toHaveLength(11);
    }));

  test('[documented] S3 gets the whole event as a string, [inferred] under the partition and day', () =>
    withMapping(
      { properties: { ...provisioned, MaximumRetryAttempts: 0, ...onFailure('arn:aws:s3:::failures') } },
      async (run) => {
        run.fn.answer = () => failed;
        await produce(run.topic, messages('bad'));
        await run.start();
        await eventually(async () => (await failureFiles(run, 's3')).length === 1, 'the failure record');
        const [file] = await failureFiles(run, 's3');
        expect(file?.path).toMatch(
          /^failures\/aws\/lambda\/[0-9a-f-]{36}\/[^/]+-0\/\d{4}\/\d\d\/\d\d\/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f-]{36}$/,
        );
        expect(file?.document['payload']).toBe(run.fn.invocations[0]?.payload);
      },
    ));

  test('[documented] a Kafka topic gets a message a record: own condition name, recordInfo, payload as an object, the key', async () => {
    const destination = await createTopic('esm-failures', 1);
    await withMapping(
      { properties: { ...provisioned, MaximumRetryAttempts: 0, ...onFailure(`kafka://${destination}`) } },
      async (run) => {
        run.fn.answer = () => failed;
        await produce(run.topic, [
          { key: 'k', value: 'a' },
          { key: null, value: 'b' },
        ]);
        await run.start();
        const found = await read(destination, 2);
        expect(found.map(({ key }) => key)).toEqual(['k', null]);
        expect(found[0]?.headers).toEqual({});
        expect(found[0]?.document).toMatchObject({
          requestContext: {
            condition: 'RetriesExhausted',
            functionArn: 'arn:aws:lambda:eu-central-1:123456789012:function:recording:$LATEST',
            approximateInvokeCount: 1,
          },
          KafkaBatchInfo: { batchSize: 1, recordInfo: { offset: '0', timestamp: expect.stringMatching(/Z$/) } },
          payload: { eventSource: 'aws:kafka', records: { [`${run.topic}-0`]: [{ offset: 0, value: 'YQ==' }] } },
        });
        expect(found[0]?.document['KafkaBatchInfo']).not.toHaveProperty('recordsInfo');
      },
    );
  });

  test('[documented] a destination that takes nothing: the records are lost, counted, and polling goes on', () =>
    withMapping(
      { properties: { ...provisioned, MaximumRetryAttempts: 0, ...onFailure('kafka://no-such-topic') } },
      async (run) => {
        run.fn.answer = (event) => (valuesOf(event).includes('bad') ? failed : {});
        await produce(run.topic, messages('bad'));
        await run.start();
        await eventually(() => run.metrics.DroppedEventCount === 1, 'the drop');
        expect(run.metrics.OnFailureDestinationDeliveryErrorCount).toBe(1);
        await produce(run.topic, messages('good'));
        await run.fn.until(() => run.fn.values.includes('good'), 'the next record');
      },
    ));

  test('[documented] records above MaximumRecordAgeInSeconds are given up, also between retries; [inferred] only these', () =>
    withMapping(
      {
        properties: {
          ...provisioned,
          MaximumRecordAgeInSeconds: 60,
          MaximumRetryAttempts: 10_000,
          ...onFailure(queue),
        },
      },
      async (run) => {
        run.fn.answer = (event) => (valuesOf(event).includes('ages') ? failed : {});
        const now = Date.now();
        await produce(run.topic, [
          { value: 'old', timestamp: String(now - 120_000) },
          { value: 'ages', timestamp: String(now - 58_500) },
          { value: 'young', timestamp: String(now) },
        ]);
        await run.start();
        await eventually(async () => (await committed(run.groupId, run.topic))[0] === 3, 'the commit');
        expect(run.fn.values).not.toContain('old');
        expect(run.fn.values).toContain('ages');
        expect(valuesOf(run.fn.invocations.at(-1)?.event as KafkaEvent)).toEqual(['young']);
        const files = await failureFiles(run, 'sqs');
        expect(files.map(({ document }) => document['requestContext']?.['condition'])).toEqual([
          'RecordAgeExceeded',
          'RecordAgeExceeded',
        ]);
      },
    ));

  test('[documented] a single record above 6 MB is never sent: MaximumPayloadSizeExceeded, no response', async () => {
    const topic = await createTopic('esm-large', 1);
    const admin = kafka().admin();
    await admin.connect();
    await admin.alterConfigs({
      validateOnly: false,
      resources: [{ type: 2, name: topic, configEntries: [{ name: 'max.message.bytes', value: '20000000' }] }],
    });
    await admin.disconnect();
    await withMapping({ topic, properties: onFailure(queue) }, async (run) => {
      await produce(topic, messages('a'));
      await produce(topic, [{ value: Buffer.alloc(5_000_000, 'x') }]);
      await produce(topic, messages('c'));
      await run.start();
      await run.fn.until(() => run.fn.values.includes('c'), 'the record behind it');
      expect(run.fn.records.map(({ offset }) => offset)).toEqual([0, 2]);
      const [file] = await failureFiles(run, 'sqs');
      expect(file?.document['requestContext']?.['condition']).toBe('MaximumPayloadSizeExceeded');
      expect(file?.document['responseContext']).toBeNull();
    });
  });

  test('[documented] bisect halves until the poison record stands alone; [inferred] first half first, no attempt used', () =>
    withMapping(
      {
        properties: { ...provisioned, BisectBatchOnFunctionError: true, MaximumRetryAttempts: 1, ...onFailure(queue) },
      },
      async (run) => {
        run.fn.answer = (event) => (valuesOf(event).includes('poison') ? failed : {});
        await produce(run.topic, messages('a', 'b', 'poison', 'd', 'e'));
        await run.start();
        await eventually(async () => (await committed(run.groupId, run.topic))[0] === 5, 'the commit');
        expect(invokedOffsets(run)).toEqual([[0, 1, 2, 3, 4], [0, 1], [2, 3, 4], [2], [2], [3, 4]]);
        const [file] = await failureFiles(run, 'sqs');
        expect(file?.document['KafkaBatchInfo']).toMatchObject({
          batchSize: 1,
          recordsInfo: { [`${run.topic}-0`]: { firstRecordOffset: '2', lastRecordOffset: '2' } },
        });
      },
    ));

  test.each([429, 500, 503])('[inferred] status %d is tried again and uses up no attempt', (status) =>
    withMapping({ properties: { ...provisioned, MaximumRetryAttempts: 0 } }, async (run) => {
      run.fn.answer = (_event, count) => (count <= 3 ? { status } : {});
      await produce(run.topic, messages('a'));
      await run.start();
      await eventually(async () => (await committed(run.groupId, run.topic))[0] === 1, 'the commit');
      expect(run.fn.invocations).toHaveLength(4);
      expect(run.metrics.DroppedEventCount).toBe(0);
    }),
  );

  test('[inferred] a runtime that is away is waited for, without using up attempts', () =>
    withMapping({ properties: { ...provisioned, MaximumRetryAttempts: 0 } }, async (run) => {
      const port = Number(new URL(run.fn.endpoint).port);
      await run.start();
      await run.fn.stop();
      await produce(run.topic, messages('a'));
      await eventually(() => run.metrics.InvokeErrorCount >= 3, 'some attempts');
      await run.fn.start(port);
      await run.fn.until(() => run.fn.values.includes('a'), 'the record');
      expect(run.metrics.DroppedEventCount).toBe(0);
    }));

  test('[documented] a function that runs out of time is an error like any other', () =>
    withMapping({ properties: { ...provisioned, MaximumRetryAttempts: 0 }, timeoutSeconds: 1 }, async (run) => {
      // The runtime does not enforce the timeout here: the event source does, ten seconds of a cold start later.
      run.fn.answer = () => ({ delayMs: 20_000 });
      await produce(run.topic, messages('slow'));
      await run.start();
      await eventually(() => run.metrics.DroppedEventCount === 1, 'the drop');
      expect(run.metrics.FailedInvokeEventCount).toBe(1);
    }));
});

describe('Partial batch responses', () => {
  const reporting = { ...provisioned, FunctionResponseTypes: ['ReportBatchItemFailures'] };
  const failures = (topic: string, ...items: unknown[]) => ({
    body: JSON.stringify({ batchItemFailures: items.map((itemIdentifier) => ({ itemIdentifier })) }),
    topic,
  });

  test('[documented] only the reported records come again; [inferred] the commit waits for the lowest of them', () =>
    withMapping({ properties: { ...reporting, BatchSize: 4 } }, async (run) => {
      const partition = `${run.topic}-0`;
      let release = false;
      run.fn.answer = (_event, count) => {
        if (count === 1) return failures(run.topic, { partition, offset: 3 }, { partition, offset: 1 });
        return release ? {} : failed;
      };
      await produce(run.topic, messages('a', 'b', 'c', 'd', 'e'));
      await run.start();
      await run.fn.until(() => run.fn.invocations.length >= 3, 'the retry');
      expect(invokedOffsets(run).slice(0, 3)).toEqual([
        [0, 1, 2, 3],
        [1, 3],
        [1, 3],
      ]);
      await eventually(async () => (await committed(run.groupId, run.topic))[0] === 1, 'the commit up to offset 1');
      release = true;
      await run.fn.until(() => run.fn.values.includes('e'), 'the record behind the batch');
    }));

  test.each([
    ['a string, as for SQS', 'MESSAGE-ID'],
    ['an offset that the event does not hold', { partition: 'TOPIC-0', offset: 99 }],
    ['a partition that the event does not hold', { partition: 'TOPIC-7', offset: 0 }],
    ['an offset as text', { partition: 'TOPIC-0', offset: '0' }],
  ])('[documented] identifier: %s fails the whole batch', (_name, identifier) =>
    withMapping({ properties: reporting }, async (run) => {
      const text = JSON.stringify(identifier).replace('TOPIC', run.topic);
      run.fn.answer = (_event, count) =>
        count === 1 ? { body: `{"batchItemFailures":[{"itemIdentifier":${text}}]}` } : {};
      await produce(run.topic, messages('a', 'b'));
      await run.start();
      await eventually(async () => (await committed(run.groupId, run.topic))[0] === 2, 'the commit');
      expect(invokedOffsets(run)).toEqual([
        [0, 1],
        [0, 1],
      ]);
    }),
  );

  test.each(['{}', 'null', '', '{"batchItemFailures":[]}', '{"batchItemFailures":null}'])(
    '[documented] the answer %j is success',
    (body) =>
      withMapping({ properties: reporting }, async (run) => {
        run.fn.answer = () => ({ body });
        await produce(run.topic, messages('a', 'b'));
        await run.start();
        await eventually(async () => (await committed(run.groupId, run.topic))[0] === 2, 'the commit');
        expect(run.fn.invocations).toHaveLength(1);
      }),
  );

  test('[inferred] an answer that is no JSON fails the whole batch', () =>
    withMapping({ properties: reporting }, async (run) => {
      run.fn.answer = (_event, count) => (count === 1 ? { body: 'done!' } : {});
      await produce(run.topic, messages('a'));
      await run.start();
      await eventually(async () => (await committed(run.groupId, run.topic))[0] === 1, 'the commit');
      expect(run.fn.invocations).toHaveLength(2);
    }));

  test('[documented] without FunctionResponseTypes the answer means nothing', () =>
    withMapping({}, async (run) => {
      run.fn.answer = () => failures(run.topic, { partition: `${run.topic}-0`, offset: 0 });
      await produce(run.topic, messages('a'));
      await run.start();
      await eventually(async () => (await committed(run.groupId, run.topic))[0] === 1, 'the commit');
      expect(run.fn.invocations).toHaveLength(1);
    }));
});
