import {
  failed,
  failureFiles,
  messages,
  onFailure,
  readFailureRecords,
  valuesOf,
} from '../../../support/event-sources/failures.ts';
import { eventually, produce, provisioned, withMapping } from '../../../support/event-sources/mapping-run.ts';
import { createTopic } from '../../../support/servers.ts';

describe('Failure records', () => {
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

  test('[documented] a Kafka topic takes the records of a batch that is larger than one request may be', async () => {
    const destination = await createTopic('esm-failures', 1);
    await withMapping(
      { properties: { ...provisioned, MaximumRetryAttempts: 0, ...onFailure(`kafka://${destination}`) } },
      async (run) => {
        run.fn.answer = () => failed;
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
        await eventually(() => run.metrics.OnFailureDestinationDeliveredEventCount === 90, 'the counter');
        expect(run.metrics.DroppedEventCount).toBe(0);
      },
    );
  });
});
