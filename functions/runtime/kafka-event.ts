import { hash } from 'node:crypto';
import type { KafkaRecord } from '../core/kafka-record.ts';
import type { RecordHeaders } from '../core/record-headers.ts';
import { restoreDeadLetter } from '../core/returned-dead-letter.ts';
import type { WorkItem } from './failure-reporter.ts';

/** The part of a Kafka event source mapping's event that is read. It is the same for MSK and self-managed Kafka. */
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
  /** One object for each header, with its name as the only field, and its bytes as signed numbers. */
  readonly headers?: readonly Readonly<Record<string, readonly number[]>>[];
}

/**
 * Decodes the event of a Kafka event source mapping. The records of each topic-partition keep their offset order.
 *
 * Lambda omits the key or value of a record without one; `null` is accepted as well.
 *
 * @throws TypeError when the event has no object `records`, because then it is not from a Kafka event source.
 */
export function decodeKafkaEvent(event: KafkaEvent): KafkaRecord[] {
  if (typeof event?.records !== 'object' || event.records === null) {
    throw new TypeError(
      'expected the event of a Kafka event source, with an object "records" by topic-partition, got another event',
    );
  }
  return Object.values(event.records).flatMap((records) => records.map(decodeRecord));
}

/**
 * One item for each topic-partition, waiting at the first record of the batch.
 *
 * @param group the consumer group of the mapping, or of that of a topic.
 */
export function partitionsOf(
  name: string,
  group: string | ((topic: string) => string),
): (event: KafkaEvent) => readonly WorkItem[] {
  return (event) =>
    Object.entries(event?.records ?? {}).flatMap(([topicPartition, records]) => {
      const [first] = records;
      if (first === undefined) return [];
      const { topic, partition, offset } = first;
      return [
        {
          id: `${name}/${topicPartition}`,
          waitingRecord: {
            group: typeof group === 'string' ? group : group(topic),
            topic,
            partition,
            offset: String(offset),
          },
        },
      ];
    });
}

const sha256 = (bytes: Uint8Array) => hash('sha256', bytes);

/** Restores the records of dead letters that a tool has copied to the topic that they came from. */
export function restoreDeadLetters(records: readonly KafkaRecord[]): KafkaRecord[] {
  return records.map((record) => restoreDeadLetter(record, sha256));
}

/** As `restoreDeadLetters`, for changes: one that is so old that the target may have forgotten a deletion gets a fault. */
export function restoreChanges(records: readonly KafkaRecord[], now = new Date()): KafkaRecord[] {
  return records.map((record) => restoreDeadLetter(record, sha256, now));
}

function decodeRecord(record: KafkaEventRecord): KafkaRecord {
  const decoded: KafkaRecord = {
    topic: record.topic,
    partition: record.partition,
    offset: String(record.offset),
    timestampMs: record.timestamp,
    key: decodeBytes(record.key),
    value: decodeBytes(record.value),
  };
  return record.headers?.length ? { ...decoded, headers: decodeHeaders(record.headers) } : decoded;
}

function decodeHeaders(headers: NonNullable<KafkaEventRecord['headers']>): RecordHeaders {
  return headers.flatMap((header) =>
    Object.entries(header).map(([name, bytes]) => [name, Buffer.from(bytes)] as const),
  );
}

function decodeBytes(base64: string | null | undefined): Buffer | null {
  return base64 == null ? null : Buffer.from(base64, 'base64');
}
