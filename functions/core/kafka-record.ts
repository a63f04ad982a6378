import type { EarlierFailures } from './dead-letter-origin.ts';
import type { InputError } from './errors.ts';
import type { RecordHeaders } from './record-headers.ts';

/** One Kafka record that a function received, decoded from its event. */
export interface KafkaRecord {
  readonly topic: string;
  readonly partition: number;
  /** The Kafka offset as text: it is a 64-bit number. */
  readonly offset: string;
  readonly timestampMs: number;
  /** `null` when the record has no key. */
  readonly key: Buffer | null;
  /** `null` when the record has no value (a tombstone). */
  readonly value: Buffer | null;
  /** Absent when the record has none. */
  readonly headers?: RecordHeaders;
  /** Set when the record was a dead letter that was copied back: key, value and headers are then those of its origin. */
  readonly returned?: EarlierFailures;
  /** Why the record must not be used, although key and value may be readable. */
  readonly fault?: InputError;
}

/** One record to publish. */
export interface OutgoingRecord {
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  /** The partition to write to. When absent, the key chooses it; without a key, partitions take turns. */
  readonly partition?: number;
  readonly headers?: RecordHeaders;
}

/** The partition that the record was published to first. */
export function firstPartition({ topic, partition, returned }: KafkaRecord): number {
  const origin = returned?.first.origin;
  return origin && 'topic' in origin && origin.topic === topic ? origin.partition : partition;
}
