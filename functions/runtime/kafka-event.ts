import type { KafkaRecord } from '../core/kafka-record.ts';

/** The event of a Kafka event source mapping, as far as the functions read it; MSK and self-managed alike. */
export interface KafkaEvent {
  readonly records: Readonly<Record<string, readonly KafkaEventRecord[]>>;
}

interface KafkaEventRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  /** Base64; absent, `null` or empty without a key. */
  readonly key?: string | null;
  /** Base64; absent or `null` without a value. */
  readonly value?: string | null;
}

/**
 * Decodes an event of a Kafka event source mapping: the records of each topic-partition in offset order.
 *
 * Lambda omits the key or value of a record that has none; `null` is read alike.
 *
 * @throws TypeError when the event has no `records` object, so was not made by a Kafka event source.
 */
export function decodeKafkaEvent(event: KafkaEvent): KafkaRecord[] {
  if (typeof event?.records !== 'object' || event.records === null) {
    throw new TypeError('expected the event of a Kafka event source, with "records" by topic-partition');
  }
  return Object.values(event.records).flatMap((records) => records.map(decodeRecord));
}

function decodeRecord(record: KafkaEventRecord): KafkaRecord {
  return {
    topic: record.topic,
    partition: record.partition,
    offset: String(record.offset),
    timestampMs: record.timestamp,
    key: decodeBytes(record.key),
    value: decodeBytes(record.value),
  };
}

function decodeBytes(base64: string | null | undefined): Buffer | null {
  return base64 == null ? null : Buffer.from(base64, 'base64');
}
