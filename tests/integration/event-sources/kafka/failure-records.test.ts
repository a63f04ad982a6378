import {
  failed,
  failureFiles,
  messages,
  onFailure,
  readFailureRecords,
  valuesOf,
} from '../../../support/event-sources/failures.ts';
import { produce } from '../../../support/event-sources/kafka-client.ts';
import { provisioned, withMapping } from '../../../support/event-sources/mapping-run.ts';
import { eventually } from '../../../support/eventually.ts';
import { createTopic } from '../../../support/servers.ts';

describe('Failure records', () => {
  test('[documented] S3 gets the whole event as a string, [inferred] with partition and day in its key', () =>
    withMapping(
      { properties: { ...provisioned, MaximumRetryAttempts: 0, ...onFailure('arn:aws:s3:::failures') } },
      async (run) => {
        run.fn.respond = () => failed;
        await produce(run.topic, messages('bad'));
        await run.start();
        await eventually(async () => (await failureFiles(run, 's3')).length === 1);
        const [file] = await failureFiles(run, 's3');
        expect(file?.path).toMatch(
          /^failures\/aws\/lambda\/[0-9a-f-]{36}\/[^/]+-0\/\d{4}\/\d\d\/\d\d\/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f-]{36}$/,
        );
        expect(file?.document['payload']).toBe(run.fn.invocations[0]?.payload);
      },
    ));

  test('[documented] a Kafka topic gets a message for each record: RetriesExhausted, recordInfo, payload as an object, its key', async () => {
    const destination = await createTopic('esm-failures', 1);
    await withMapping(
      { properties: { ...provisioned, MaximumRetryAttempts: 0, ...onFailure(`kafka://${destination}`) } },
      async (run) => {
        run.fn.respond = () => failed;
        await produce(run.topic, [
          { key: 'k', value: 'a' },
          { key: null, value: 'b' },
        ]);
        await run.start();
        const found = await readFailureRecords(destination, 2);
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

  test('[documented] a destination that fails: the records are lost and counted, and polling continues', () =>
    withMapping(
      { properties: { ...provisioned, MaximumRetryAttempts: 0, ...onFailure('kafka://no-such-topic') } },
      async (run) => {
        run.fn.respond = (event) => (valuesOf(event).includes('bad') ? failed : {});
        await produce(run.topic, messages('bad'));
        await run.start();
        await eventually(() => run.metrics.DroppedEventCount === 1);
        expect(run.metrics.OnFailureDestinationDeliveryErrorCount).toBe(1);
        await produce(run.topic, messages('good'));
        await eventually(() => run.fn.values.includes('good'));
      },
    ));

  test('[documented] a Kafka topic gets all records of a batch that is larger than a request may be', async () => {
    const destination = await createTopic('esm-failures', 1);
    await withMapping(
      { properties: { ...provisioned, MaximumRetryAttempts: 0, ...onFailure(`kafka://${destination}`) } },
      async (run) => {
        run.fn.respond = () => failed;
        const value = 'x'.repeat(20_000);
        for (const part of [0, 1, 2]) {
          const keys = Array.from({ length: 30 }, (_, index) => String(30 * part + index));
          await produce(
            run.topic,
            keys.map((key) => ({ key, value })),
          );
        }
        await run.start();
        const found = await readFailureRecords(destination, 90);
        expect(found.map(({ key }) => key)).toEqual(Array.from({ length: 90 }, (_, index) => String(index)));
        await eventually(() => run.metrics.OnFailureDestinationDeliveredEventCount === 90);
        expect(run.metrics.DroppedEventCount).toBe(0);
      },
    );
  });
});
