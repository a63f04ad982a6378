import type { OutgoingRecord } from '../core/kafka-record.ts';
import type { PartitionOffsets } from '../core/offset-range.ts';

/**
 * Publishes records to Kafka.
 *
 * Delivery: at least once. A record that was published twice is two records on the topic; a retry inside the client
 * writes nothing twice.
 * Order: the records of one partition keep their order, also across several calls under way at once.
 * Concurrency: calls may overlap. Await all of them before recording any progress.
 */
export interface RecordPublisher {
  /**
   * Resolves when all in-sync replicas have acknowledged all records. No records: resolves at once.
   *
   * @returns the offsets of the records, by batch. A batch is missing when the acknowledgement of a repeated request did
   * not have its offset.
   * @throws when Kafka is unreachable or refuses a record. All calls under way fail together. Each of their records may
   * have been written, may not have been, or may still be written, so publish them again.
   */
  publish(topic: string, records: readonly OutgoingRecord[]): Promise<readonly PartitionOffsets[]>;
}
