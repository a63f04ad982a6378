import type { Admin, ConnectionPool } from '@platformatic/kafka';
import type { PartitionOffsets } from '../../core/offset-range.ts';
import type { TopicState } from '../../core/topic-state.ts';
import type { TopicInspector } from '../../ports/topic-inspector.ts';
import { hasConsumableRecords } from './consumable-records.ts';
import type { KafkaSettings } from './kafka-client.ts';
import { attempt } from './kafka-requests.ts';
import { createReadingClient, fetchPartition, leaderOf, readTopicMetadata } from './partition-fetch.ts';

/** Timestamps of a ListOffsets request. */
const EARLIEST = -2n;
const LATEST = -1n;

/** Connects on first use. Joins no consumer group. */
export class KafkaTopicInspector implements TopicInspector {
  readonly #admin: Admin;
  readonly #connections: ConnectionPool;

  constructor(settings: KafkaSettings) {
    ({ admin: this.#admin, connections: this.#connections } = createReadingClient(settings));
  }

  async describe(topic: string): Promise<TopicState> {
    const { clusterId, topicId, partitionCount } = await this.#metadata(topic);
    const partitions = Array.from({ length: partitionCount }, (_, partitionIndex) => partitionIndex);
    const list = async (timestamp: bigint) => {
      const request = {
        topics: [{ name: topic, partitions: partitions.map((index) => ({ partitionIndex: index, timestamp })) }],
      };
      const [listed] = await attempt(this.#admin.listOffsets(request));
      return new Map(listed?.partitions.map(({ partitionIndex, offset }) => [partitionIndex, offset]));
    };
    const [starts, ends] = await Promise.all([list(EARLIEST), list(LATEST)]);
    return {
      clusterId,
      topicId,
      partitions: partitions.map((partition) => ({
        startOffset: offsetOf(starts, topic, partition),
        endOffset: offsetOf(ends, topic, partition),
      })),
    };
  }

  async committedOffsets(group: string, topic: string): Promise<readonly (bigint | null)[]> {
    const { partitionCount } = await this.#metadata(topic);
    const partitionIndexes = Array.from({ length: partitionCount }, (_, partitionIndex) => partitionIndex);
    const [listed] = await attempt(
      this.#admin.listConsumerGroupOffsets({
        groups: [{ groupId: group, topics: [{ name: topic, partitionIndexes }] }],
      }),
    );
    const committed = new Map(
      listed?.topics
        .find(({ name }) => name === topic)
        ?.partitions.map(({ partitionIndex, committedOffset }) => [partitionIndex, committedOffset]),
    );
    return partitionIndexes.map((partition) => {
      const offset = committed.get(partition) ?? -1n;
      return offset < 0n ? null : offset;
    });
  }

  async hasRecords({ topic, partition, first, next }: PartitionOffsets): Promise<boolean> {
    const { topicId, leaders } = await this.#metadata(topic);
    const leader = leaderOf(leaders, topic, partition);
    let fetchOffset = first;
    while (fetchOffset < next) {
      const fetched = await fetchPartition(this.#connections, leader, { topicId, partition, fetchOffset });
      const { records, abortedTransactions } = fetched;
      const last = records?.at(-1);
      // A record may follow, as in a transaction that is still open.
      if (!records || !last) return true;
      if (hasConsumableRecords(records, abortedTransactions ?? [], { first, next })) return true;
      fetchOffset = last.firstOffset + BigInt(last.lastOffsetDelta) + 1n;
    }
    return false;
  }

  async disconnect(): Promise<void> {
    await Promise.all([this.#admin.close(), this.#connections.close()]);
  }

  #metadata(topic: string) {
    return readTopicMetadata(this.#admin, topic);
  }
}

function offsetOf(offsets: ReadonlyMap<number, bigint>, topic: string, partition: number): bigint {
  const offset = offsets.get(partition);
  if (offset === undefined) throw new Error(`expected the offsets of partition ${partition} of ${topic}, got none`);
  return offset;
}
