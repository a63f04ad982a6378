import { readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { QueuedEventStore } from '../../../../localstack/event-sources/invoke/queued-event-store.ts';
import type { AsyncSettings } from '../../../../localstack/event-sources/model/async-invocation.ts';
import type { InvocationOutcome } from '../../../../localstack/event-sources/model/invocation.ts';
import { eventually } from '../../../support/eventually.ts';
import {
  arn,
  attributesIn,
  bucketArn,
  documents,
  idle,
  queueArn,
  queueOf,
  run,
  success,
  threw,
  throttled,
  useDirectory,
} from './async-queue-rig.ts';

const directory = useDirectory();

test('[documented] asynchronous invocation: two retries, after one minute and two by default', async () => {
  const setup = queueOf([threw]);
  await run(setup);
  expect(setup.calls.map(({ payload }) => payload)).toEqual(['{"a":1}', '{"a":1}', '{"a":1}']);
  expect(setup.clock.waits).toEqual([60_000, 120_000]);
});

test("[documented] asynchronous invocation: after three attempts the destination's record", async () => {
  await run(queueOf([threw], { onFailure: queueArn }));
  expect(await documents('sqs/failed')).toEqual([
    {
      version: '1.0',
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
      requestContext: {
        requestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
        functionArn: `${arn}:$LATEST`,
        condition: 'RetriesExhausted',
        approximateInvokeCount: 3,
      },
      requestPayload: { a: 1 },
      responseContext: { statusCode: 200, executedVersion: '$LATEST', functionError: 'Unhandled' },
      responsePayload: { errorMessage: 'broken' },
    },
  ]);
});

test('[documented] asynchronous invocation: an attempt that succeeds ends the retries and goes to OnSuccess', async () => {
  const setup = queueOf([threw, success], { onSuccess: queueArn, onFailure: bucketArn });
  await run(setup);
  expect(setup.calls).toHaveLength(2);
  expect(await documents('sqs/failed')).toMatchObject([
    { requestContext: { condition: 'Success', approximateInvokeCount: 2 }, responsePayload: 'done' },
  ]);
  expect(await readdir(join(directory(), 'destinations'))).toEqual(['sqs']);
});

test.each([0, 1])('[documented] asynchronous invocation: MaximumRetryAttempts %d', async (maximumRetryAttempts) => {
  const setup = queueOf([threw], { maximumRetryAttempts });
  await run(setup);
  expect(setup.calls).toHaveLength(maximumRetryAttempts + 1);
  expect(setup.lines.filter((line) => line.includes('asynchronous event dropped'))).toHaveLength(1);
});

test('[documented] asynchronous invocation: beyond MaximumEventAgeInSeconds no further attempt, [known] EventAgeExceeded', async () => {
  const setup = queueOf([threw], { onFailure: queueArn, maximumEventAgeSeconds: 60 });
  // At the time of the first retry, after one minute, the event is just as old as it may be; at the second one it is too old.
  await run(setup);
  expect(setup.calls).toHaveLength(2);
  const [record] = (await documents('sqs/failed')) as Record<string, unknown>[];
  expect(record).toMatchObject({ requestContext: { condition: 'EventAgeExceeded', approximateInvokeCount: 2 } });
  expect(record).not.toHaveProperty('responseContext');
});

test.each([7 * 3_600_000, -7 * 3_600_000])(
  'no event expires early or late because the wall clock is set by %d ms',
  async (byMs) => {
    const setup = queueOf([threw], { onFailure: queueArn, maximumEventAgeSeconds: 60 });
    setup.hold = async () => {
      if (setup.calls.length === 1) setup.clock.setWallClock(byMs);
    };
    await run(setup);
    // As without the setting: the first retry is in time, and the second one is not.
    expect(setup.calls).toHaveLength(2);
  },
);

test('an event of an earlier process that is from the future counts as new', async () => {
  const before = queueOf([success]);
  await before.queue.recover();
  before.clock.setWallClock(24 * 3_600_000);
  await before.queue.enqueue('fn', '{}');
  const after = queueOf([threw], { maximumEventAgeSeconds: 60 });
  await after.queue.recover();
  after.queue.start();
  await idle(after.queue);
  expect(after.calls).toHaveLength(2);
});

test('[documented] asynchronous invocation: throttling goes back to the queue, with growing delays, and uses up no attempt', async () => {
  const setup = queueOf([...Array.from({ length: 7 }, () => throttled), threw, threw, success], {
    onFailure: queueArn,
  });
  await run(setup);
  expect(setup.calls).toHaveLength(10);
  expect(setup.clock.waits).toEqual([250, 500, 1_000, 2_000, 4_000, 5_000, 5_000, 60_000, 120_000]);
  await expect(readdir(join(directory(), 'destinations'))).rejects.toThrow('ENOENT');
});

test('[goal] events that fail are reported as a standstill with what would mend it, until one succeeds', async () => {
  const missing: InvocationOutcome = {
    kind: 'notInvoked',
    statusCode: 404,
    throttled: false,
    reason: 'no fn',
    requestId: 'r',
  };
  const { standstills, ...setup } = queueOf([threw, throttled, missing, success]);
  await run({ standstills, ...setup });
  const title = 'the queue of asynchronous events of fn';
  expect([...standstills.reported]).toEqual([
    `${title}: fn fails (Unhandled) and is invoked again: its log says why`,
    `${title}: fn is throttled: raise its concurrency: too many`,
    `${title}: fn is not served: add it to the service, correct FunctionName, or name it with the option functionNames: no fn`,
  ]);
  expect(standstills.current.size).toBe(0);
});

test('the delays of an outage start again after an attempt that reached the function', async () => {
  const setup = queueOf([throttled, throttled, threw, throttled, success]);
  await run(setup);
  expect(setup.clock.waits).toEqual([250, 500, 60_000, 250]);
});

test('[documented] asynchronous invocation: the dead letter queue gets the bare event, beside the destination', async () => {
  const deadLetterTarget = 'arn:aws:sns:eu-central-1:123456789012:dead';
  await run(queueOf([threw], { maximumRetryAttempts: 0, onFailure: bucketArn, deadLetterTarget }), '{"b":2}');
  expect(await documents('sns/dead')).toEqual([{ b: 2 }]);
  expect(await attributesIn('sns/dead')).toEqual([
    {
      RequestID: { DataType: 'String', StringValue: expect.stringMatching(/^[0-9a-f-]{36}$/) },
      ErrorCode: { DataType: 'Number', StringValue: '200' },
      ErrorMessage: { DataType: 'String', StringValue: 'broken' },
    },
  ]);
  expect(await documents('s3/failures')).toMatchObject([{ requestPayload: { b: 2 } }]);
  const key = (await readdir(join(directory(), 'destinations', 's3', 'failures'), { recursive: true })).sort().at(-1);
  expect(key).toMatch(/^aws\/lambda\/async\/fn\/\d{4}\/\d\d\/\d\d\/\d{4}-\d\d-\d\dT\d\d\.\d\d\.\d\d-[0-9a-f-]{36}$/);
});

test('[documented] asynchronous invocation: the dead letter of an event that became too old has the error of its last attempt', async () => {
  const setup = queueOf([throttled], { maximumEventAgeSeconds: 60, deadLetterTarget: queueArn });
  await run(setup);
  const [attributes] = await attributesIn('sqs/failed');
  expect(attributes).toMatchObject({
    ErrorCode: { DataType: 'Number', StringValue: '429' },
    ErrorMessage: { DataType: 'String', StringValue: 'too many' },
  });
});

test('[documented] asynchronous invocation: a function as the destination is invoked with the record', async () => {
  const setup = queueOf([threw, success], { maximumRetryAttempts: 0, onFailure: arn.replace(/fn$/, 'cleanup') });
  await run(setup, '{"c":3}');
  expect(setup.calls.map(({ functionName }) => functionName)).toEqual(['fn', 'cleanup']);
  expect(JSON.parse(setup.calls[1]?.payload ?? '')).toMatchObject({ requestPayload: { c: 3 } });
});

test('[goal] what was queued survives the process, with its attempts', async () => {
  const before = queueOf([threw]);
  await before.queue.recover();
  before.queue.start();
  await before.queue.enqueue('fn', '"kept"');
  await eventually(() => before.calls.length >= 1);
  await before.queue.stop(60_000);
  expect(before.calls).toHaveLength(1);
  const after = queueOf([threw], { onFailure: queueArn });
  expect(await after.queue.recover()).toMatchObject([{ payload: '"kept"', attempts: 1 }]);
  after.queue.start();
  await idle(after.queue);
  expect(after.calls).toHaveLength(2);
  expect(await documents('sqs/failed')).toMatchObject([{ requestContext: { approximateInvokeCount: 3 } }]);
});

test('the file of an interrupted write is removed, and is not an event', async () => {
  const store = new QueuedEventStore(join(directory(), 'queue'));
  await store.load();
  await writeFile(join(directory(), 'queue', '1.json.part'), '{"half');
  const { queue } = queueOf([success]);
  expect(await queue.recover()).toEqual([]);
  expect(await readdir(join(directory(), 'queue'))).toEqual([]);
});

test('an event whose function is no longer in the template is dropped with an error', async () => {
  const setup = queueOf([success]);
  await setup.queue.recover();
  setup.queue.start();
  await setup.queue.enqueue('removed', '{}');
  await idle(setup.queue);
  expect(setup.calls).toEqual([]);
  expect(setup.lines.filter((line) => line.includes('no longer in the template'))).toHaveLength(1);
  expect(await readdir(join(directory(), 'queue'))).toEqual([]);
});

describe('concurrency', () => {
  /** A queue whose invocations end when the gate opens, and the payloads of those that have begun. */
  async function heldQueue(settings: Partial<AsyncSettings> = {}) {
    const gate = Promise.withResolvers<void>();
    const setup = queueOf([success], settings);
    const begun: string[] = [];
    setup.hold = async ({ payload }) => {
      begun.push(payload);
      await gate.promise;
    };
    await setup.queue.recover();
    setup.queue.start();
    return { queue: setup.queue, begun, gate };
  }

  test('no more invocations of a function run at the same time than configured', async () => {
    const { queue, begun, gate } = await heldQueue();
    for (let index = 0; index < 12; index++) await queue.enqueue('fn', String(index));
    expect(begun).toHaveLength(10);
    expect(queue.size).toBe(12);
    gate.resolve();
    await idle(queue);
    expect(begun).toHaveLength(12);
  });

  test('[documented] reserved concurrency limits the invocations of its function, with all its versions', async () => {
    const { queue, begun, gate } = await heldQueue({ reservedConcurrency: 1 });
    await queue.enqueue('fn', 'first');
    await queue.enqueue('fn:live', 'second');
    expect(begun).toEqual(['first']);
    gate.resolve();
    await idle(queue);
    expect(begun).toEqual(['first', 'second']);
  });
});
