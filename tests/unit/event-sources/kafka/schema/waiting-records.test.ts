import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../../../../localstack/event-sources/clock.ts';
import { MemberIds } from '../../../../../localstack/event-sources/kafka/consumer/member-ids.ts';
import { KafkaEventSerializer } from '../../../../../localstack/event-sources/kafka/event/kafka-event-serializer.ts';
import { MappingPipeline } from '../../../../../localstack/event-sources/kafka/mapping-pipeline.ts';
import { MappingMetrics } from '../../../../../localstack/event-sources/metrics/mapping-metrics.ts';
import { readOptions } from '../../../../../localstack/event-sources/options.ts';
import { FakeGroup } from '../fake-group.ts';
import { kafkaMapping, silentLog } from '../fixtures.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'waiting-records-'));
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
  rmSync(directory, { recursive: true });
});

const settle = () => jest.advanceTimersByTimeAsync(0);

/** A pipeline that has fetched one record, whose schema is loaded when the test says so. */
async function waiting() {
  const mapping = kafkaMapping();
  const loaded = Promise.withResolvers<void>();
  const delivered: number[] = [];
  const metrics = new MappingMetrics();
  const pipeline = new MappingPipeline({
    mapping,
    metrics,
    log: silentLog,
    clock: systemClock,
    options: readOptions({}),
    memberIds: new MemberIds(directory),
    serializer: new KafkaEventSerializer(mapping),
    fetching: { pause: () => {}, resume: () => {}, restart: () => {} },
    schemas: {
      load: () => loaded.promise,
      validate: (message) => ({ message, filteredValue: message.value, metadata: '' }),
    },
    delivery: {
      deliver: async ({ records }: { records: readonly { offset: number }[] }) => {
        delivered.push(...records.map(({ offset }) => offset));
      },
    } as unknown as ConstructorParameters<typeof MappingPipeline>[0]['delivery'],
  });
  const group = new FakeGroup({ 0: 0 });
  await pipeline.beforeJoin(group);
  await pipeline.afterJoin(group);
  const batch = {
    partition: 0,
    highWatermark: '1',
    messages: [{ offset: '0', timestamp: '0', key: null, value: Buffer.from('v'), headers: {} }],
    firstOffset: () => '0',
    lastOffset: () => '0',
  } as unknown as Parameters<MappingPipeline['recordsFetched']>[0];
  return { pipeline, group, loaded, delivered, metrics, fetch: () => pipeline.recordsFetched(batch, 0) };
}

test('[inferred] a record that waits for its schema keeps its member in the group, and is delivered after that', async () => {
  const { group, loaded, delivered, fetch } = await waiting();
  const queued = fetch();
  await jest.advanceTimersByTimeAsync(2_000);
  expect(group.heartbeats).toBeGreaterThanOrEqual(3);
  expect(delivered).toEqual([]);
  loaded.resolve();
  await queued;
  await settle();
  expect(delivered).toEqual([0]);
});

test('[inferred] when the group rebalances meanwhile, it is joined again, and the record is fetched again', async () => {
  const { pipeline, group, loaded, delivered, metrics, fetch } = await waiting();
  Object.assign(group, { heartbeat: () => Promise.reject(new Error('rebalancing')) });
  const queued = expect(fetch()).rejects.toThrow('rebalancing');
  await jest.advanceTimersByTimeAsync(500);
  await queued;
  await pipeline.beforeJoin(group);
  loaded.resolve();
  await jest.advanceTimersByTimeAsync(1_000);
  expect(delivered).toEqual([]);
  // It is counted when it is fetched again.
  expect(metrics.PolledEventCount).toBe(0);
});

test('[inferred] a stop does not wait for the registry', async () => {
  const { pipeline, loaded, delivered, fetch } = await waiting();
  const queued = fetch();
  const stopped = pipeline.stop(1_000);
  await jest.advanceTimersByTimeAsync(1_000);
  await Promise.all([stopped, queued]);
  loaded.resolve();
  await settle();
  expect(delivered).toEqual([]);
});
