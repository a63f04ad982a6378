import { EventPollers } from '../../../../../localstack/event-sources/kafka/batching/event-pollers.ts';
import type { FilledBatch } from '../../../../../localstack/event-sources/kafka/batching/fill-batch.ts';
import { PartitionQueue } from '../../../../../localstack/event-sources/kafka/batching/partition-queue.ts';
import { KafkaEventSerializer } from '../../../../../localstack/event-sources/kafka/event/kafka-event-serializer.ts';
import type { KafkaMapping } from '../../../../../localstack/event-sources/model/kafka-mapping.ts';
import { kafkaMapping, polledRecord, silentLog } from '../fixtures.ts';

beforeEach(() => jest.useFakeTimers());
afterEach(() => jest.useRealTimers());

/** A function that ends its invocations when the test says so. */
class HeldFunction {
  readonly batches: FilledBatch[] = [];
  readonly #ends: (() => void)[] = [];

  deliver(batch: FilledBatch): Promise<void> {
    this.batches.push(batch);
    return new Promise((resolve) => this.#ends.push(resolve));
  }

  async end(index: number): Promise<void> {
    this.#ends[index]?.();
    await jest.advanceTimersByTimeAsync(0);
  }

  get offsets(): string[] {
    return this.batches.map(({ records }) =>
      records.map(({ partition, offset }) => `${partition}:${offset}`).join(' '),
    );
  }
}

function setUp(partitionCount: number, properties: Partial<KafkaMapping> = {}, bytes = 0) {
  const mapping = kafkaMapping(properties);
  const queues = Array.from({ length: partitionCount }, (_, partition) => new PartitionQueue(partition, 0));
  const fn = new HeldFunction();
  const dependencies = { mapping, serializer: new KafkaEventSerializer(mapping), log: silentLog };
  const pollers = new EventPollers(dependencies, queues, fn);
  const add = (partition: number, ...offsets: number[]) => {
    const arrivedAtMs = performance.now();
    for (const offset of offsets) queues[partition]?.push(polledRecord(offset, { partition, arrivedAtMs, bytes }));
  };
  const arrive = async (partition: number, ...offsets: number[]) => {
    add(partition, ...offsets);
    pollers.recordsArrived();
    await jest.advanceTimersByTimeAsync(0);
  };
  return { pollers, fn, add, arrive };
}

test('[documented] window 0: a record is sent at once', async () => {
  const { fn, arrive } = setUp(1);
  await arrive(0, 0);
  expect(fn.offsets).toEqual(['0:0']);
});

test('[documented] window 500 ms: a batch is sent when the window of its first record ends, not earlier', async () => {
  const { fn, arrive } = setUp(2, { batchingWindowMs: 500 });
  await arrive(0, 0);
  await jest.advanceTimersByTimeAsync(300);
  await arrive(1, 0);
  await jest.advanceTimersByTimeAsync(199);
  expect(fn.offsets).toEqual([]);
  await jest.advanceTimersByTimeAsync(1);
  expect(fn.offsets).toEqual(['0:0 1:0']);
});

test('[documented] records of one fetch share a batch, whichever partition they are of', async () => {
  const { pollers, fn, add } = setUp(2);
  add(0, 0);
  pollers.recordsArrived();
  add(1, 0);
  pollers.recordsArrived();
  await jest.advanceTimersByTimeAsync(0);
  expect(fn.offsets).toEqual(['0:0 1:0']);
});

test('[documented] a partition has one batch in flight; others run concurrently', async () => {
  const { fn, arrive } = setUp(2, { batchSize: 1 });
  await arrive(0, 0, 1);
  await arrive(1, 0);
  expect(fn.offsets).toEqual(['0:0', '1:0']);
  await fn.end(0);
  expect(fn.offsets).toEqual(['0:0', '1:0', '0:1']);
});

test('[inferred] a poller has five invocations in flight', async () => {
  const { fn, add, arrive } = setUp(7, { batchSize: 1 });
  for (const partition of [0, 1, 2, 3, 4, 5]) add(partition, 0);
  await arrive(6, 0);
  expect(fn.batches).toHaveLength(5);
  await fn.end(2);
  expect(fn.batches).toHaveLength(6);
});

test('[inferred] batches start with different partitions, so that none is starved by those before it', async () => {
  const { fn, add, arrive } = setUp(7, { batchSize: 1 });
  for (const partition of [0, 1, 2, 3, 4, 5]) add(partition, 0, 1, 2);
  await arrive(6, 0, 1, 2);
  for (let ended = 0; fn.batches.length < 12; ended++) await fn.end(ended);
  const served = new Set(fn.batches.flatMap(({ queues }) => queues.map(({ partition }) => partition)));
  expect(served.size).toBe(7);
});

test('stopped pollers form no more batches, and are idle when the last one has ended', async () => {
  const { pollers, fn, add, arrive } = setUp(1, { batchSize: 1 });
  await arrive(0, 0, 1);
  pollers.stop();
  let isIdle = false;
  const idle = pollers.idle().then(() => {
    isIdle = true;
  });
  add(0, 2);
  pollers.recordsArrived();
  await jest.advanceTimersByTimeAsync(1_000);
  expect(isIdle).toBe(false);
  await fn.end(0);
  await idle;
  expect(fn.offsets).toEqual(['0:0']);
});

test('the end of a batch takes about as long with many pollers as with one', async () => {
  const partitionCount = 1_000;
  const calls = async (pollerCount: number) => {
    const { fn, add, arrive } = setUp(partitionCount, { pollers: { minimum: pollerCount, maximum: pollerCount } });
    for (const offset of [0, 1]) add(1, offset);
    await arrive(0, 0);
    const filter = jest.spyOn(Array.prototype, 'filter');
    await fn.end(0);
    const filtered = filter.mock.contexts.reduce((sum: number, list) => sum + (list as unknown[]).length, 0);
    filter.mockRestore();
    return filtered;
  };
  expect(await calls(200)).toBeLessThan(2 * (await calls(1)) + partitionCount);
});

describe('The number of pollers', () => {
  const provisioned = { batchSize: 4, pollers: { minimum: 1, maximum: 3 } };
  const offsets = (count: number) => Array.from({ length: count }, (_, offset) => offset);

  test.each([
    ['on demand', undefined, 4, 1],
    ['provisioned', { minimum: 2, maximum: 3 }, 4, 2],
    ['provisioned, with fewer partitions', { minimum: 50, maximum: 50 }, 4, 4],
    ['without partitions', { minimum: 1, maximum: 50 }, 0, 1],
  ])(
    '[documented] begins with the minimum, at most one for each partition: %s',
    (_name, pollers, partitions, count) => {
      expect(setUp(partitions, pollers === undefined ? {} : { pollers }).pollers.count).toBe(count);
    },
  );

  test('[documented] stays at the minimum while one batch takes all records that arrive together', async () => {
    const { pollers, fn, add, arrive } = setUp(3, provisioned);
    for (const burst of [0, 1, 2]) {
      add(0, burst);
      add(1, burst);
      await arrive(2, burst);
      await fn.end(burst);
    }
    expect(pollers.count).toBe(1);
    expect(fn.offsets).toEqual(['0:0 1:0 2:0', '1:1 2:1 0:1', '2:2 0:2 1:2']);
  });

  test('[inferred] grows with the batches that wait, up to the maximum; each poller has batches of its own partitions', async () => {
    const { pollers, fn, add, arrive } = setUp(6, provisioned);
    for (const partition of [0, 1, 2, 3, 4]) add(partition, ...offsets(3));
    await arrive(5, ...offsets(3));
    expect(pollers.count).toBe(3);
    expect(fn.batches.map(({ queues }) => queues.map(({ partition }) => partition))).toEqual([
      [0, 3],
      [1, 4],
      [2, 5],
    ]);
  });

  test('[inferred] grows with each 500 records where a batch may have more', async () => {
    const { pollers, arrive } = setUp(2, { batchSize: 5_000, pollers: { minimum: 1, maximum: 2 } });
    await arrive(0, ...offsets(1));
    await arrive(0, ...offsets(500));
    expect(pollers.count).toBe(1);
    await arrive(0, 500);
    expect(pollers.count).toBe(2);
  });

  test('[inferred] counts full payloads as batches too', async () => {
    const { pollers, arrive } = setUp(2, { pollers: { minimum: 1, maximum: 2 } }, 4 * 1024 * 1024);
    await arrive(0, 0);
    expect(pollers.count).toBe(1);
    await arrive(1, 0, 1);
    expect(pollers.count).toBe(2);
  });

  test('[inferred] shrinks when as many were not needed for five seconds', async () => {
    const { pollers, fn, arrive } = setUp(3, provisioned);
    await arrive(0, ...offsets(12));
    expect(pollers.count).toBe(3);
    for (const batch of [0, 1, 2]) await fn.end(batch);
    await arrive(1, 0);
    expect(pollers.count).toBe(3);
    await jest.advanceTimersByTimeAsync(5_000);
    await arrive(2, 0);
    expect(pollers.count).toBe(1);
  });

  test('[documented] a partition whose poller changes keeps its one batch in flight', async () => {
    const { pollers, fn, arrive } = setUp(2, { batchSize: 2, pollers: { minimum: 1, maximum: 2 } });
    await arrive(1, 0);
    await arrive(1, 1, 2, 3);
    expect(pollers.count).toBe(2);
    expect(fn.offsets).toEqual(['1:0']);
    await fn.end(0);
    expect(fn.offsets).toEqual(['1:0', '1:1 1:2']);
  });
});
