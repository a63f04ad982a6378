import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { s3Client } from '../../support/event-sources/bucket-run.ts';
import { produce } from '../../support/event-sources/kafka-client.ts';
import { clusterArn } from '../../support/event-sources/mapping-run.ts';
import { ScratchService } from '../../support/event-sources/scratch-service.ts';
import { createTopic, endpoints, uniqueName } from '../../support/servers.ts';

jest.setTimeout(300_000);

const retryFast = { retryBackoff: { initialMs: 50, maxMs: 50 }, asyncRetryDelaysMs: [50] };

test('serverless offline delivers all event sources of a project, survives its handlers and ends by ctrl-c', async () => {
  const orders = await createTopic('orders', 2);
  const fragile = await createTopic('fragile', 1);
  const bucket = uniqueName('files');
  const client = s3Client();
  await client.send(new CreateBucketCommand({ Bucket: bucket }));
  const { endpoint, region, accessKeyId, secretAccessKey } = endpoints().s3;
  const secret = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:kafka';
  const service = await ScratchService.create(
    {
      orders: {
        handler: 'handler.orders',
        events: [
          {
            msk: {
              arn: clusterArn,
              topic: orders,
              batchSize: 10,
              maximumBatchingWindow: 0,
              startingPosition: 'TRIM_HORIZON',
            },
          },
        ],
      },
      fragile: {
        handler: 'handler.fragile',
        events: [
          {
            kafka: {
              accessConfigurations: { saslScram512Auth: [secret] },
              bootstrapServers: ['kafka.example:9092'],
              topic: fragile,
              maximumBatchingWindow: 0,
              startingPosition: 'TRIM_HORIZON',
            },
          },
        ],
      },
      files: { handler: 'handler.files', events: [{ s3: { bucket, existing: true, rules: [{ suffix: '.csv' }] } }] },
      later: {
        handler: 'handler.later',
        maximumRetryAttempts: 1,
        destinations: { onFailure: 'arn:aws:sqs:eu-central-1:123456789012:failed' },
      },
    },
    {
      brokers: endpoints().kafka.brokers,
      s3: { endpoint, region, accessKeyId, secretAccessKey, pollIntervalMs: 50 },
      ...retryFast,
    },
    `export const orders = async (event) => { record('orders', event); };
export const files = async (event) => { record('files', event); };
export const later = async (event) => { record('later', event); throw new Error('not yet'); };
export const fragile = async (event) => {
  record('fragile', event);
  const call = callsOf('fragile');
  if (call === 1) { setTimeout(() => { throw new Error('outside of any promise'); }); return new Promise(() => {}); }
  if (call === 2) throw 'a text, no Error';
  if (call === 3) process.exit(1);
};
`,
  );
  try {
    await produce(orders, [
      { key: 'k', value: 'first', partition: 0 },
      { value: 'second', partition: 1 },
    ]);
    await produce(fragile, [{ value: 'poison for three attempts' }]);
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'a b.csv', Body: '1' }));
    await client.send(new PutObjectCommand({ Bucket: bucket, Key: 'a.txt', Body: '1' }));
    service.start();

    await service.until(() => service.callsOf('orders').length >= 1 && service.callsOf('files').length >= 1);
    await service.until(() => service.callsOf('fragile').length === 4);
    // [documented] The Invoke API accepts an asynchronous invocation with 202, and Lambda retries it.
    const response = await fetch(
      `http://127.0.0.1:${service.lambdaPort}/2015-03-31/functions/scratch-local-later/invocations`,
      { method: 'POST', headers: { 'X-Amz-Invocation-Type': 'Event' }, body: '{"n":1}' },
    );
    expect(response.status).toBe(202);
    await service.until(() => service.callsOf('later').length === 2);
    const committed = async () => {
      const { mappings } = await service.metrics();
      return Object.values(mappings).reduce((sum, { CommittedEventCount = 0 }) => sum + CommittedEventCount, 0);
    };
    await service.until(async () => (await committed()) === 3);
    await service.until(async () => (await service.metrics()).asynchronous.queued === 0);

    const events = service.callsOf('orders').map(({ event }) => event);
    expect(events.map(({ eventSource, eventSourceArn }) => [eventSource, eventSourceArn])).toContainEqual([
      'aws:kafka',
      clusterArn,
    ]);
    expect(events.flatMap(({ records }) => Object.keys(records)).sort()).toEqual([`${orders}-0`, `${orders}-1`]);
    expect(service.callsOf('fragile')[0]?.event).toMatchObject({ eventSource: 'SelfManagedKafka' });
    expect(new Set(service.callsOf('fragile').map(({ event }) => JSON.stringify(event))).size).toBe(1);
    expect(service.callsOf('files').map(({ event }) => event.Records[0].s3.object.key)).toEqual(['a+b.csv']);
    const { mappings } = await service.metrics();
    expect(Object.keys(mappings)).toHaveLength(2);
    expect(Object.values(mappings).find(({ InvokeErrorCount }) => InvokeErrorCount === 3)).toMatchObject({
      InvokedEventCount: 4,
      CommittedEventCount: 1,
    });
    const [failed = ''] = await readdir(join(service.directory, '.state', 'destinations', 'sqs', 'failed'));
    const outcome = await readFile(join(service.directory, '.state', 'destinations', 'sqs', 'failed', failed), 'utf8');
    expect(JSON.parse(outcome)).toMatchObject({
      requestContext: { condition: 'RetriesExhausted' },
      requestPayload: { n: 1 },
    });

    expect(await service.interrupt()).toBe(0);
    await expect(service.metrics()).rejects.toThrow();
    expect(service.output).not.toMatch(/UnhandledPromiseRejection|Cannot read properties/);
  } finally {
    client.destroy();
    await service.dispose();
  }
});

test('[known] schedules under serverless offline fire once, in UTC, on the weekdays of AWS', async () => {
  const schedule = (rate: string) => ({ handler: 'handler.tick', events: [{ schedule: rate }] });
  const service = await ScratchService.create(
    // On AWS, Sunday is 1. The scheduler of serverless-offline reads 2 as Tuesday, in local time.
    {
      everyMinute: schedule('rate(1 minute)'),
      mondays: schedule('cron(* * ? * 2 *)'),
      sundays: schedule('cron(* * ? * 1 *)'),
      tuesdays: schedule('cron(* * ? * 3 *)'),
    },
    {},
    `export const tick = async (event) => { record('tick', event); };`,
  );
  try {
    // A Monday in UTC, and still Sunday in the time zone of the process.
    service.start(['--import', join(import.meta.dirname, '..', '..', 'support', 'event-sources', 'fast-clock.mjs')], {
      TZ: 'America/New_York',
      FAST_CLOCK_START: '2026-11-23T00:30:00Z',
      FAST_CLOCK_SPEED: '30',
    });
    const ticksOf = (name: string) => service.calls.filter(({ event }) => String(event.resources).includes(name));
    // In ascending order. An execution is skipped when the process is delayed: two seconds are a minute here.
    const timesOf = (name: string) =>
      ticksOf(name)
        .map(({ event }) => Date.parse(event.time))
        .sort((a, b) => a - b);
    const gapsOf = (name: string) =>
      timesOf(name)
        .slice(1)
        .map((time, index) => time - (timesOf(name)[index] ?? 0));
    await service.until(() =>
      ['EveryMinute', 'Mondays'].every((name) => gapsOf(name).length >= 2 && gapsOf(name).some((gap) => gap < 70_000)),
    );
    expect(ticksOf('Sundays')).toEqual([]);
    expect(ticksOf('Tuesdays')).toEqual([]);
    // The events of serverless-offline's own scheduler name no rule.
    expect(service.calls.filter(({ event }) => event.resources.length !== 1)).toEqual([]);
    // No execution is repeated, and none is between two minutes. A rate is measured with two clocks, and the moment between
    // their readings is thirty times as long here.
    expect(gapsOf('Mondays').filter((gap) => gap === 0 || gap % 60_000 !== 0)).toEqual([]);
    const isBetween = (gap: number) => gap < 50_000 || Math.abs(gap - Math.round(gap / 60_000) * 60_000) > 10_000;
    expect(gapsOf('EveryMinute').filter(isBetween)).toEqual([]);
    expect(ticksOf('Mondays').every(({ event }) => String(event.time).endsWith(':00Z'))).toBe(true);
  } finally {
    await service.dispose();
  }
});

describe('The plugin rejects invalid input in one line, without a stack trace', () => {
  const group = { arn: clusterArn, startingPosition: 'LATEST', consumerGroupId: 'shared' };
  const faulty: [string, object, object, string][] = [
    ['an option', { noop: { handler: 'handler.noop' } }, { brokers: ['nohost'] }, 'brokers.0: expected host:port'],
    [
      'a mapping',
      {
        one: { handler: 'handler.noop', events: [{ msk: { ...group, topic: 'one' } }] },
        two: { handler: 'handler.noop', events: [{ msk: { ...group, topic: 'two' } }] },
      },
      { brokers: ['127.0.0.1:1'] },
      'TwoEventSourceMappingMSKDemoTwo: ConsumerGroupId: shared is used by OneEventSourceMappingMSKDemoOne already: each mapping needs its own (AWS: InvalidParameterValueException)',
    ],
  ];

  test.each(faulty)('%s', async (_name, functions, eventSources, expected) => {
    const service = await ScratchService.create(functions, eventSources, 'export const noop = async () => null;');
    try {
      service.start();
      expect(await service.ended()).toBe(1);
      expect(service.output).toContain(expected);
      expect(service.output).not.toMatch(/^ +at /m);
    } finally {
      await service.dispose();
    }
  });
});

test('a service without an event source is served, with a warning', async () => {
  const service = await ScratchService.create(
    { noop: { handler: 'handler.noop' } },
    {},
    `export const noop = async (event) => { record('noop', event); };`,
  );
  try {
    service.start();
    const invoke = () =>
      fetch(`http://127.0.0.1:${service.lambdaPort}/2015-03-31/functions/scratch-local-noop/invocations`, {
        method: 'POST',
        body: '{}',
      }).then(
        ({ status }) => status === 200,
        () => false,
      );
    await service.until(invoke);
    await service.until(() => service.output.includes('no msk, kafka, s3 or schedule event is in this service'));
    expect(service.callsOf('noop').length).toBeGreaterThan(0);
    expect(await service.interrupt()).toBe(0);
  } finally {
    await service.dispose();
  }
});
