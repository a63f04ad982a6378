import type { KafkaRecord } from '../core/kafka-record.ts';

/** A record without its headers. Its bytes belong to the reader: they are valid during the visit only. */
export interface VisitedRecord extends Pick<KafkaRecord, 'key' | 'value'> {
  readonly offset: bigint;
}

/**
 * Reads single records of a topic by their offsets, without consuming the topic.
 *
 * Consistency: sees every record that was acknowledged before the call.
 * Duplicates: reading changes nothing, so every call may be repeated.
 * Concurrency: calls may overlap.
 */
export interface RecordReader {
  /**
   * Reads the records at the offsets of one partition, which are ascending. Offsets that are close together cost one
   * request, so ask for many at once, but for no more than fit into memory.
   *
   * @returns the records in the order of their offsets. One is missing when its offset was never written, when the topic
   * has deleted it after its retention time, and when it belongs to an aborted transaction. All are missing when the
   * topic has no such partition.
   * @throws when Kafka is unreachable, when there is no such topic, and while a transaction that is not finished hides one
   * of the offsets.
   */
  read(topic: string, partition: number, offsets: readonly bigint[]): Promise<readonly KafkaRecord[]>;

  /**
   * Reads as `read`, without headers and without a copy of the bytes, and calls `visit` for each record. After an error of
   * Kafka it may begin again, and then visits records twice.
   */
  visit(
    topic: string,
    partition: number,
    offsets: readonly bigint[],
    visit: (record: VisitedRecord) => void,
  ): Promise<void>;
}
