import type { PolledRecord } from '../../model/polled-record.ts';
import { type KafkaEventSerializer, MAX_PAYLOAD_BYTES } from '../event/kafka-event-serializer.ts';
import type { PartitionQueue } from './partition-queue.ts';

export interface FilledBatch {
  readonly records: readonly PolledRecord[];
  /** The queues that the records were taken from. */
  readonly queues: readonly PartitionQueue[];
  /** Length of the event in UTF-8. */
  readonly bytes: number;
}

/**
 * Takes records out of the queues, none of which is empty, queue by queue, up to `batchSize` records or a full payload. A
 * record that is too large even alone becomes a batch of its own, which the delivery discards.
 */
export function fillBatch(
  queues: readonly PartitionQueue[],
  batchSize: number,
  serializer: Pick<KafkaEventSerializer, 'envelopeBytes' | 'partitionBytes'>,
): FilledBatch {
  const records: PolledRecord[] = [];
  const filledFrom: PartitionQueue[] = [];
  let bytes = serializer.envelopeBytes;
  for (const queue of queues) {
    // Commas separate partitions and records, so the first of each needs none.
    let needed = bytes + serializer.partitionBytes(queue.partition) - (filledFrom.length === 0 ? 1 : 0);
    const before = records.length;
    while (queue.first !== undefined && records.length < batchSize) {
      needed += queue.first.bytes + (records.length === before ? 0 : 1);
      if (records.length > 0 && needed > MAX_PAYLOAD_BYTES) break;
      bytes = needed;
      records.push(queue.shift() as PolledRecord);
    }
    if (records.length === before) break;
    filledFrom.push(queue);
  }
  return { records, queues: filledFrom, bytes };
}
