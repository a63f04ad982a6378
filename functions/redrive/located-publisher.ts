import type { OutgoingRecord } from '../core/kafka-record.ts';
import type { PartitionOffsets } from '../core/offset-range.ts';
import type { RecordPublisher } from '../ports/record-publisher.ts';
import type { DeadLetterPosition } from '../ports/redrive-ledger.ts';
import type { TopicInspector } from '../ports/topic-inspector.ts';

/** A record for a given partition. */
export type PlacedRecord = OutgoingRecord & { readonly partition: number };

export interface DestinationTopic {
  readonly topicId: string;
  readonly partitionCount: number;
}

/** Publishes records and finds out where they are. */
export class LocatedPublisher {
  readonly #publisher: RecordPublisher;
  readonly #inspector: TopicInspector;

  constructor(publisher: RecordPublisher, inspector: TopicInspector) {
    this.#publisher = publisher;
    this.#inspector = inspector;
  }

  /** The topic as it is now, which may be another one of the same name the next time. */
  async describe(topic: string): Promise<DestinationTopic> {
    const { topicId, partitions } = await this.#inspector.describe(topic);
    return { topicId, partitionCount: partitions.length };
  }

  /**
   * Resolves when Kafka has acknowledged all records.
   *
   * @returns the position of each record. Where an acknowledgement had no offset, it is the end of the partition, which the
   * record cannot be beyond.
   */
  async publish(topic: string, records: readonly PlacedRecord[]): Promise<readonly DeadLetterPosition[]> {
    const written = await this.#publisher.publish(topic, records);
    const offsets = new Map<number, Iterator<bigint>>();
    for (const partition of new Set(records.map((record) => record.partition))) {
      const count = records.filter((record) => record.partition === partition).length;
      offsets.set(partition, (await this.#offsetsIn(topic, partition, written, count)).values());
    }
    return records.map(({ partition }) => ({
      topic,
      partition,
      offset: offsets.get(partition)?.next().value as bigint,
    }));
  }

  async #offsetsIn(
    topic: string,
    partition: number,
    written: readonly PartitionOffsets[],
    count: number,
  ): Promise<readonly bigint[]> {
    const known = written
      .filter((batch) => batch.partition === partition)
      .sort((a, b) => Number(a.first - b.first))
      .flatMap(({ first, next }) => Array.from({ length: Number(next - first) }, (_, index) => first + BigInt(index)));
    if (known.length === count) return known;
    const { partitions } = await this.#inspector.describe(topic);
    const last = (partitions[partition]?.endOffset ?? 1n) - 1n;
    return Array.from({ length: count }, () => last);
  }
}
