import { FlowControl } from '../../../../../localstack/event-sources/kafka/batching/flow-control.ts';
import { PartitionQueue } from '../../../../../localstack/event-sources/kafka/batching/partition-queue.ts';
import { MAX_PAYLOAD_BYTES } from '../../../../../localstack/event-sources/kafka/event/kafka-event-serializer.ts';
import { polledRecord } from '../fixtures.ts';

function setUp(partitionCount: number, batchSize = 1_000) {
  const calls: string[] = [];
  const queues = Array.from({ length: partitionCount }, (_, partition) => new PartitionQueue(partition, 0));
  const flow = new FlowControl(queues, batchSize, {
    pause: (partition) => calls.push(`pause ${partition}`),
    resume: (partition) => calls.push(`resume ${partition}`),
    restart: () => calls.push('restart'),
  });
  calls.length = 0;
  const add = (queue: PartitionQueue, count: number, bytes = 0) => {
    for (let index = 0; index < count; index++) queue.push(polledRecord(index, { bytes }));
    flow.recordsAdded(queue);
  };
  const take = (queue: PartitionQueue, count: number) => {
    for (let index = 0; index < count; index++) queue.shift();
    flow.recordsTaken(queue);
  };
  return { flow, queues: queues as [PartitionQueue, PartitionQueue], calls, add, take };
}

test.each([
  [1_000, 2_000],
  [10, 500],
])('with a batch size of %d fetching pauses at %d queued records, and resumes below', (batchSize, limit) => {
  const { queues, calls, add, take } = setUp(2, batchSize);
  add(queues[0], limit - 1);
  expect(calls).toEqual([]);
  add(queues[0], 2);
  expect(calls).toEqual(['pause 0']);
  take(queues[0], 1);
  expect(calls).toEqual(['pause 0']);
  take(queues[0], 1);
  expect(calls).toEqual(['pause 0', 'resume 0']);
});

test('fetching pauses when a full payload is queued, also with few records', () => {
  const { queues, calls, add } = setUp(1);
  add(queues[0], 1, MAX_PAYLOAD_BYTES - 1);
  expect(calls).toEqual([]);
  add(queues[0], 1);
  expect(calls).toEqual(['pause 0']);
});

test('pauses of an earlier assignment end', () => {
  const resumed: number[] = [];
  const queues = [3, 5].map((partition) => new PartitionQueue(partition, 0));
  new FlowControl(queues, 1, { pause: () => {}, resume: (partition) => resumed.push(partition), restart: () => {} });
  expect(resumed).toEqual([3, 5]);
});

describe('The wait for room', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  test('ends at once while a queue has room', async () => {
    const { flow, queues, add } = setUp(2);
    add(queues[0], 2_000);
    await flow.waitForRoom();
    await setUp(0).flow.waitForRoom();
  });

  test('ends when a queue is below its limit', async () => {
    const { flow, queues, add, take } = setUp(2);
    for (const queue of queues) add(queue, 2_000);
    let ended = false;
    const wait = flow.waitForRoom().then(() => {
      ended = true;
    });
    await jest.advanceTimersByTimeAsync(100);
    expect(ended).toBe(false);
    take(queues[1], 1);
    await wait;
  });

  test('ends after 300 ms, so that heartbeats are sent', async () => {
    const { flow, queues, add } = setUp(1);
    add(queues[0], 2_000);
    const wait = flow.waitForRoom();
    await jest.advanceTimersByTimeAsync(300);
    await wait;
  });
});
