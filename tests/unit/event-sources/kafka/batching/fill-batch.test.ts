import { fillBatch } from '../../../../../localstack/event-sources/kafka/batching/fill-batch.ts';
import { PartitionQueue } from '../../../../../localstack/event-sources/kafka/batching/partition-queue.ts';
import {
  KafkaEventSerializer,
  MAX_PAYLOAD_BYTES,
} from '../../../../../localstack/event-sources/kafka/event/kafka-event-serializer.ts';
import { kafkaMapping, polledRecord } from '../fixtures.ts';

const serializer = new KafkaEventSerializer(kafkaMapping());

function queueOf(partition: number, recordCount: number, bytes = 0): PartitionQueue {
  const queue = new PartitionQueue(partition, 0);
  for (let offset = 0; offset < recordCount; offset++) queue.push(polledRecord(offset, { partition, bytes }));
  return queue;
}

const places = (batch: ReturnType<typeof fillBatch>) =>
  batch.records.map(({ partition, offset }) => `${partition}:${offset}`);

test('[documented] BatchSize cuts the batch; [inferred] a batch is filled from one partition after the other', () => {
  const queues = [queueOf(0, 2), queueOf(1, 3), queueOf(2, 1)];
  const batch = fillBatch(queues, 4, serializer);
  expect(places(batch)).toEqual(['0:0', '0:1', '1:0', '1:1']);
  expect(batch.queues).toEqual(queues.slice(0, 2));
  expect(places(fillBatch(queues.slice(1), 4, serializer))).toEqual(['1:2', '2:0']);
});

test('[documented] the serialized event of a batch has at most 6 MB', () => {
  for (const bytes of [100_000, 123_457, 1_000_003]) {
    const queues = [queueOf(0, 30, bytes), queueOf(11, 40, bytes)];
    const batch = fillBatch(queues, 10_000, serializer);
    const payloadBytes = Buffer.byteLength(serializer.serialize(batch.records));
    expect(batch.bytes).toBe(payloadBytes);
    expect(payloadBytes).toBeLessThanOrEqual(MAX_PAYLOAD_BYTES);
    expect(payloadBytes + bytes).toBeGreaterThan(MAX_PAYLOAD_BYTES);
  }
});

test('[documented] an event that has exactly 6 MB is one batch', () => {
  const overhead = Buffer.byteLength(serializer.serialize([])) + '"t-0":[,]'.length;
  const first = polledRecord(0, { bytes: 3_000_000 });
  const last = polledRecord(1, { bytes: MAX_PAYLOAD_BYTES - overhead - first.bytes });
  const filled = (lastBytes: number) => {
    const queue = new PartitionQueue(0, 0);
    queue.push(first);
    queue.push(polledRecord(1, { bytes: lastBytes }));
    return fillBatch([queue], 100, serializer);
  };
  expect(filled(last.bytes)).toMatchObject({ bytes: MAX_PAYLOAD_BYTES, records: [{ offset: 0 }, { offset: 1 }] });
  expect(filled(last.bytes + 1).records).toHaveLength(1);
});

test('[documented] a record that is too large even alone is a batch of its own', () => {
  const queue = queueOf(0, 1);
  queue.push(polledRecord(1, { bytes: MAX_PAYLOAD_BYTES }));
  queue.push(polledRecord(2));
  const sizes = [1, 1, 1].map(() => places(fillBatch([queue], 100, serializer)));
  expect(sizes).toEqual([['0:0'], ['0:1'], ['0:2']]);
});
