import {
  failed,
  failureFiles,
  invokedOffsets,
  messages,
  onFailure,
  queue,
  valuesOf,
} from '../../../support/event-sources/failures.ts';
import { produce } from '../../../support/event-sources/kafka-client.ts';
import { clusterArn, provisioned, withMapping } from '../../../support/event-sources/mapping-run.ts';
import { freePort } from '../../../support/event-sources/scratch-service.ts';
import { eventually } from '../../../support/eventually.ts';

describe('Errors', () => {
  test('[documented] a failed batch is retried whole, before later records of its partition; other partitions continue', () =>
    withMapping({ partitions: 2, properties: { BatchSize: 2 } }, async (run) => {
      let attemptsLeft = 3;
      // Partition 0 fails until it was retried and partition 1 is processed.
      run.fn.respond = (event) => {
        if (!valuesOf(event).includes('bad')) return {};
        attemptsLeft -= 1;
        return attemptsLeft > 0 || !run.fn.values.includes('z') ? failed : {};
      };
      await produce(run.topic, [
        ...messages('bad', 'b', 'c'),
        ...['x', 'y', 'z'].map((value) => ({ value, partition: 1 })),
      ]);
      await run.start();
      await eventually(() => run.fn.values.includes('c'));
      const first = run.fn.invocations.filter(({ event }) => event.records[`${run.topic}-0`] !== undefined);
      const attempts = first.map(({ event }) => valuesOf(event).join());
      expect(attempts.slice(-1)).toEqual(['c']);
      expect(attempts.length).toBeGreaterThan(2);
      expect(new Set(attempts.slice(0, -1))).toEqual(new Set(['bad,b']));
    }));

  test('[documented] nothing is committed before success', () =>
    withMapping({}, async (run) => {
      let succeed = false;
      run.fn.respond = () => (succeed ? {} : failed);
      await produce(run.topic, messages('a', 'b'));
      await run.start();
      await eventually(() => run.fn.invocations.length >= 5);
      expect(await run.committedOffsets()).toEqual({ 0: 0 });
      succeed = true;
      await run.untilCommitted(2);
    }));

  test('[documented] MaximumRetryAttempts N: N + 1 invocations, then the failure record and the next batch', () =>
    withMapping(
      { properties: { ...provisioned, BatchSize: 2, MaximumRetryAttempts: 2, ...onFailure(queue) } },
      async (run) => {
        run.fn.respond = (event) => (valuesOf(event).includes('bad') ? failed : {});
        await produce(run.topic, messages('bad', 'b', 'c'));
        await run.start();
        await eventually(() => run.fn.values.includes('c'));
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
        await eventually(() => run.metrics.InvokedEventCount === 7);
        expect(run.metrics).toMatchObject({
          FailedInvokeEventCount: 6,
          OnFailureDestinationDeliveredEventCount: 2,
          DroppedEventCount: 0,
        });
      },
    ));

  test('[documented] without a destination the records are dropped and counted', () =>
    withMapping({ properties: { ...provisioned, MaximumRetryAttempts: 0 } }, async (run) => {
      run.fn.respond = () => failed;
      await produce(run.topic, messages('a', 'b'));
      await run.start();
      await run.untilCommitted(2);
      expect(run.fn.invocations).toHaveLength(1);
      expect(run.metrics.DroppedEventCount).toBe(2);
    }));

  test('[documented] infinite retries end after ten when there is a destination: eleven invocations', () =>
    withMapping({ properties: onFailure('arn:aws:sns:eu-central-1:123456789012:failures') }, async (run) => {
      run.fn.respond = (event) => (valuesOf(event).includes('bad') ? failed : {});
      await produce(run.topic, messages('bad'));
      await run.start();
      await eventually(async () => (await failureFiles(run, 'sns')).length === 1);
      expect(run.fn.invocations).toHaveLength(11);
    }));

  test('[documented] records above MaximumRecordAgeInSeconds are discarded without an invocation; [inferred] only these', () =>
    withMapping({ properties: { ...provisioned, MaximumRecordAgeInSeconds: 60, ...onFailure(queue) } }, async (run) => {
      const now = Date.now();
      await produce(run.topic, [
        { value: 'old', timestamp: String(now - 120_000) },
        { value: 'young', timestamp: String(now) },
      ]);
      await run.start();
      await run.untilCommitted(2);
      expect(run.fn.values).toEqual(['young']);
      const files = await failureFiles(run, 'sqs');
      expect(files.map(({ document }) => document)).toMatchObject([
        { requestContext: { condition: 'RecordAgeExceeded', approximateInvokeCount: 0 }, responseContext: null },
      ]);
    }));

  test('[documented] a record above 6 MB is never sent: MaximumPayloadSizeExceeded, responseContext null', () =>
    withMapping({ topicSettings: { 'max.message.bytes': '20000000' }, properties: onFailure(queue) }, async (run) => {
      await produce(run.topic, messages('a'));
      await produce(run.topic, [{ value: Buffer.alloc(5_000_000, 'x') }]);
      await produce(run.topic, messages('c'));
      await run.start();
      await eventually(() => run.fn.values.includes('c'));
      expect(run.fn.records.map(({ offset }) => offset)).toEqual([0, 2]);
      const [file] = await failureFiles(run, 'sqs');
      expect(file?.document['requestContext']?.['condition']).toBe('MaximumPayloadSizeExceeded');
      expect(file?.document['responseContext']).toBeNull();
    }));

  test('[documented] bisect halves until the poison record is isolated; [inferred] first half first, without using a retry', () =>
    withMapping(
      {
        properties: { ...provisioned, BisectBatchOnFunctionError: true, MaximumRetryAttempts: 1, ...onFailure(queue) },
      },
      async (run) => {
        run.fn.respond = (event) => (valuesOf(event).includes('poison') ? failed : {});
        await produce(run.topic, messages('a', 'b', 'poison', 'd', 'e'));
        await run.start();
        await run.untilCommitted(5);
        expect(invokedOffsets(run)).toEqual([[0, 1, 2, 3, 4], [0, 1], [2, 3, 4], [2], [2], [3, 4]]);
        const [file] = await failureFiles(run, 'sqs');
        expect(file?.document['KafkaBatchInfo']).toMatchObject({
          batchSize: 1,
          recordsInfo: { [`${run.topic}-0`]: { firstRecordOffset: '2', lastRecordOffset: '2' } },
        });
      },
    ));

  test.each([429, 500, 503])('[documented] status %d is retried, [inferred] without using a retry attempt', (status) =>
    withMapping({ properties: { ...provisioned, MaximumRetryAttempts: 0 } }, async (run) => {
      run.fn.respond = (_event, count) => (count <= 3 ? { status } : {});
      await produce(run.topic, messages('a'));
      await run.start();
      await run.untilCommitted(1);
      expect(run.fn.invocations).toHaveLength(4);
      expect(run.metrics.DroppedEventCount).toBe(0);
    }),
  );

  test('[inferred] a runtime that cannot be reached is retried without using a retry attempt', () =>
    withMapping({ properties: { ...provisioned, MaximumRetryAttempts: 0 } }, async (run) => {
      // A port that stays reserved while nothing listens there.
      const port = await freePort();
      await run.fn.stop();
      await run.fn.start(port);
      await run.start();
      await run.fn.stop();
      await produce(run.topic, messages('a'));
      await eventually(() => run.metrics.InvokeErrorCount >= 3);
      await run.fn.start(port);
      await eventually(() => run.fn.values.includes('a'));
      expect(run.metrics.DroppedEventCount).toBe(0);
    }));

  test('[documented] a function that times out has failed', () =>
    withMapping(
      {
        properties: { ...provisioned, MaximumRetryAttempts: 0 },
        timeoutSeconds: 1,
        options: { coldStartMs: 200 },
      },
      async (run) => {
        // This runtime does not enforce the timeout. The event source does, after the timeout and a cold start.
        run.fn.respond = () => ({ delayMs: 20_000 });
        await produce(run.topic, messages('slow'));
        await run.start();
        await eventually(() => run.metrics.DroppedEventCount === 1);
        expect(run.metrics.FailedInvokeEventCount).toBe(1);
      },
    ));
});
