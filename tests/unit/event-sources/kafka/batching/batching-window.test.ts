import { msUntilBatchIsDue } from '../../../../../localstack/event-sources/kafka/batching/batching-window.ts';
import { PartitionQueue } from '../../../../../localstack/event-sources/kafka/batching/partition-queue.ts';
import type { PolledRecord } from '../../../../../localstack/event-sources/model/polled-record.ts';
import { polledRecord } from '../fixtures.ts';

const NOW_MS = 10_000;

function queueOf(partition: number, ...records: readonly PolledRecord[]): PartitionQueue {
  const queue = new PartitionQueue(partition, 0);
  for (const record of records) queue.push(record);
  return queue;
}

const dueInMs = (queues: readonly PartitionQueue[], batchingWindowMs: number, batchSize = 100) =>
  msUntilBatchIsDue(queues, { batchSize, batchingWindowMs }, NOW_MS);

test('[documented] window 0: a batch is due as soon as there is a record', () => {
  expect(dueInMs([queueOf(0, polledRecord(0, { arrivedAtMs: NOW_MS }))], 0)).toBe(0);
});

test('[documented] the window counts from the first record, over all partitions', () => {
  const queues = [
    queueOf(0, polledRecord(0, { arrivedAtMs: NOW_MS - 100 }), polledRecord(1, { arrivedAtMs: NOW_MS })),
    queueOf(1, polledRecord(0, { arrivedAtMs: NOW_MS - 300 })),
  ];
  expect(dueInMs(queues, 500)).toBe(200);
  expect(dueInMs(queues, 300)).toBe(0);
});

test('[documented] the window ends early when the partitions together hold a full batch', () => {
  const queues = [queueOf(0, polledRecord(0), polledRecord(1)), queueOf(1, polledRecord(0))];
  expect(dueInMs(queues, 60_000, 3)).toBe(0);
  expect(dueInMs(queues, 60_000, 4)).toBe(50_000);
});

test('[documented] the window ends early when the partitions together hold a full payload', () => {
  const half = { bytes: 3 * 1024 * 1024 };
  expect(dueInMs([queueOf(0, polledRecord(0, half)), queueOf(1, polledRecord(0, half))], 60_000)).toBe(0);
  expect(dueInMs([queueOf(0, polledRecord(0, half))], 60_000)).toBe(50_000);
});
