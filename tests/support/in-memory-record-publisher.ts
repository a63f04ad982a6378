import { Partitioners } from 'kafkajs';
import { missingTopic } from '../../functions/adapters/kafka/missing-topic.ts';
import type { OutgoingRecord } from '../../functions/core/kafka-record.ts';
import type { PartitionOffsets } from '../../functions/core/offset-range.ts';
import type { RecordPublisher } from '../../functions/ports/record-publisher.ts';
import { headersAsText, type TopicRecord } from './topic-records.ts';

/** What a Kafka broker accepts by default in one batch (`max.message.bytes`). */
const MAX_RECORD_BYTES = 1_048_588;

/** Called for each publish before its records are written: it may hold the publish back, or make it fail. */
export type PublishHook = (records: readonly OutgoingRecord[], topic: string) => void | Promise<void>;

/** Topics in memory, which keep the contract of `RecordPublisher`. */
export class InMemoryRecordPublisher implements RecordPublisher {
  /** The number of records of each successful call, in the order in which they were written. */
  readonly callSizes: number[] = [];
  /** The largest number of calls that were under way at once. */
  mostUnderWay = 0;
  onPublish: PublishHook = () => {};
  readonly #topics = new Map<string, TopicRecord[][]>();
  readonly #partitionOfKey = Partitioners.JavaCompatiblePartitioner();
  #underWay = new Set<(error: unknown) => void>();
  #lastWrite: Promise<void> = Promise.resolve();
  #nextTurn = 0;

  /** @param topics the number of partitions of each topic that exists from the start. */
  constructor(topics: Readonly<Record<string, number>> = {}) {
    for (const [topic, partitions] of Object.entries(topics)) this.createTopic(topic, partitions);
  }

  createTopic(topic: string, partitions: number): void {
    this.#topics.set(
      topic,
      Array.from({ length: partitions }, () => []),
    );
  }

  /** The number of calls that have neither succeeded nor failed. */
  get underWay(): number {
    return this.#underWay.size;
  }

  /** The records of one topic, those of each partition in their order. */
  recordsOf(topic: string): TopicRecord[] {
    return this.#partitionsOf(topic).flat();
  }

  async publish(topic: string, records: readonly OutgoingRecord[]): Promise<readonly PartitionOffsets[]> {
    if (records.length === 0) return [];
    const session = this.#underWay;
    const { promise, resolve, reject } = Promise.withResolvers<readonly PartitionOffsets[]>();
    session.add(reject);
    this.mostUnderWay = Math.max(this.mostUnderWay, session.size);
    const written = this.#write(topic, records, () => session === this.#underWay);
    written.then(resolve, (error) => {
      // The calls that follow begin a new session, as with a fresh producer.
      if (session === this.#underWay) this.#underWay = new Set();
      for (const fail of session) fail(error);
    });
    try {
      return await promise;
    } finally {
      session.delete(reject);
    }
  }

  /** Writes after all earlier calls have written, however long their hooks take. */
  #write(
    topic: string,
    records: readonly OutgoingRecord[],
    isOpen: () => boolean,
  ): Promise<readonly PartitionOffsets[]> {
    const held = (async () => this.onPublish(records, topic))();
    const earlier = this.#lastWrite;
    const written = (async () => {
      await held;
      await earlier;
      if (!isOpen()) return [];
      const offsets = this.#append(topic, records);
      this.callSizes.push(records.length);
      return offsets;
    })();
    this.#lastWrite = written.then(
      () => {},
      () => {},
    );
    return written;
  }

  #append(topic: string, records: readonly OutgoingRecord[]): PartitionOffsets[] {
    const partitions = this.#partitionsOf(topic);
    const partitionMetadata = partitions.map((_, partitionId) => ({ partitionId, leader: 1 })) as never;
    const turn = this.#nextTurn++ % partitions.length;
    const assigned = records.map(({ key, value, partition, headers }): TopicRecord => {
      if (sizeOf(key) + sizeOf(value) > MAX_RECORD_BYTES) {
        throw new Error('The request included a message larger than the max message size the server will accept.');
      }
      const byKey = key === null ? turn : this.#partitionOfKey({ topic, partitionMetadata, message: { key, value } });
      const place = { partition: partition ?? byKey, key: textOf(key), value: textOf(value) };
      return { ...place, ...headersAsText(headers ?? []) };
    });
    for (const record of assigned) {
      const partition = partitions[record.partition];
      if (partition === undefined) throw new Error(`topic ${topic} has no partition ${record.partition}`);
      partition.push(record);
    }
    return [...new Set(assigned.map(({ partition }) => partition))].map((partition) => {
      const next = BigInt(partitions[partition]?.length ?? 0);
      const count = assigned.filter((record) => record.partition === partition).length;
      return { topic, partition, first: next - BigInt(count), next };
    });
  }

  #partitionsOf(topic: string): TopicRecord[][] {
    const partitions = this.#topics.get(topic);
    if (partitions === undefined) throw missingTopic(topic);
    return partitions;
  }
}

function sizeOf(bytes: string | Buffer | null): number {
  return bytes === null ? 0 : Buffer.byteLength(bytes);
}

function textOf(bytes: string | Buffer | null): string | null {
  return bytes === null ? null : bytes.toString();
}
