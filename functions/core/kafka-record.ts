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
}

/** One record to publish. */
export interface OutgoingRecord {
  readonly key: string | Buffer | null;
  readonly value: string | Buffer | null;
  /** The partition to write to. When absent, the key chooses it; without a key, partitions take turns. */
  readonly partition?: number;
}
