import { EventPoller } from '../../../../../localstack/event-sources/kafka/batching/event-poller.ts';
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

function setUp(partitionCount: number, properties: Partial<KafkaMapping>) {
  const mapping = kafkaMapping(properties);
  const queues = Array.from({ length: partitionCount }, (_, partition) => new PartitionQueue(partition, 0));
  const fn = new HeldFunction();
  const dependencies = { mapping, serializer: new KafkaEventSerializer(mapping), log: silentLog };
  const add = (partition: number, ...offsets: number[]) => {
    const arrivedAtMs = performance.now();
    for (const offset of offsets) queues[partition]?.push(polledRecord(offset, { partition, arrivedAtMs }));
  };
  return { dependencies, queues, fn, add };
}

async function poller(partitionCount: number, properties: Partial<KafkaMapping> = {}) {
  const { dependencies, queues, fn, add } = setUp(partitionCount, properties);
  const poller = new EventPoller(dependencies, queues, fn);
  const arrive = async (partition: number, ...offsets: number[]) => {
    add(partition, ...offsets);
    poller.recordsArrived();
    await jest.advanceTimersByTimeAsync(0);
  };
  return { poller, fn, add, arrive };
}

test('[documented] window 0: a record is sent at once', async () => {
  const { fn, arrive } = await poller(1);
  await arrive(0, 0);
  expect(fn.offsets).toEqual(['0:0']);
});

test('[documented] window 500 ms: a batch is sent when the window of its first record ends, not earlier', async () => {
  const { fn, arrive } = await poller(2, { batchingWindowMs: 500 });
  await arrive(0, 0);
  await jest.advanceTimersByTimeAsync(300);
  await arrive(1, 0);
  await jest.advanceTimersByTimeAsync(199);
  expect(fn.offsets).toEqual([]);
  await jest.advanceTimersByTimeAsync(1);
  expect(fn.offsets).toEqual(['0:0 1:0']);
});

test('[documented] records of one fetch share a batch, whichever partition they are of', async () => {
  const { poller: own, fn, add } = await poller(2);
  add(0, 0);
  own.recordsArrived();
  add(1, 0);
  own.recordsArrived();
  await jest.advanceTimersByTimeAsync(0);
  expect(fn.offsets).toEqual(['0:0 1:0']);
});

test('[documented] a partition has one batch in flight; others run concurrently', async () => {
  const { fn, arrive } = await poller(2, { batchSize: 1 });
  await arrive(0, 0, 1);
  await arrive(1, 0);
  expect(fn.offsets).toEqual(['0:0', '1:0']);
  await fn.end(0);
  expect(fn.offsets).toEqual(['0:0', '1:0', '0:1']);
});

test('[inferred] a poller has five invocations in flight', async () => {
  const { fn, add, arrive } = await poller(7, { batchSize: 1 });
  for (const partition of [0, 1, 2, 3, 4, 5]) add(partition, 0);
  await arrive(6, 0);
  expect(fn.batches).toHaveLength(5);
  await fn.end(2);
  expect(fn.batches).toHaveLength(6);
});

test('[inferred] batches start with different partitions, so that none is starved by those before it', async () => {
  const { fn, add, arrive } = await poller(7, { batchSize: 1 });
  for (const partition of [0, 1, 2, 3, 4, 5]) add(partition, 0, 1, 2);
  await arrive(6, 0, 1, 2);
  for (let ended = 0; fn.batches.length < 12; ended++) await fn.end(ended);
  const served = new Set(fn.batches.flatMap(({ queues }) => queues.map(({ partition }) => partition)));
  expect(served.size).toBe(7);
});

test('a stopped poller forms no more batches, and is idle when the last one has ended', async () => {
  const { poller: own, fn, add, arrive } = await poller(1, { batchSize: 1 });
  await arrive(0, 0, 1);
  own.stop();
  let isIdle = false;
  const idle = own.idle().then(() => {
    isIdle = true;
  });
  add(0, 2);
  own.recordsArrived();
  await jest.advanceTimersByTimeAsync(1_000);
  expect(isIdle).toBe(false);
  await fn.end(0);
  await idle;
  expect(fn.offsets).toEqual(['0:0']);
});

describe('The pollers of a mapping', () => {
  test.each([
    ['on demand', undefined, 4, 1],
    ['provisioned, below the number of partitions', { minimum: 1, maximum: 3 }, 4, 3],
    ['provisioned, above the number of partitions', { minimum: 1, maximum: 50 }, 4, 4],
    ['without partitions', { minimum: 1, maximum: 50 }, 0, 1],
  ])('[documented] %s', (_name, pollers, partitionCount, count) => {
    const { dependencies, queues, fn } = setUp(partitionCount, pollers === undefined ? {} : { pollers });
    expect(new EventPollers(dependencies, queues, fn).count).toBe(count);
  });

  test('[documented] form batches of their own partitions only', async () => {
    const { dependencies, queues, fn, add } = setUp(3, { pollers: { minimum: 1, maximum: 2 } });
    const pollers = new EventPollers(dependencies, queues, fn);
    for (const [partition, queue] of queues.entries()) {
      add(partition, 0);
      pollers.recordsArrived(queue);
    }
    await jest.advanceTimersByTimeAsync(0);
    expect(fn.offsets).toEqual(['0:0 2:0', '1:0']);
  });
});
