import { Admin, ConnectionPool, fetchV13 } from '@platformatic/kafka';
import type { PartitionOffsets } from '../../core/offset-range.ts';
import type { TopicState } from '../../core/topic-state.ts';
import type { TopicInspector } from '../../ports/topic-inspector.ts';
import { hasConsumableRecords } from './consumable-records.ts';
import { type KafkaSettings, requestSettings } from './kafka-client.ts';
import { attempt, connectionOptions, ignoreLaterErrors, shuffled } from './kafka-requests.ts';
import { isUnknownTopic, missingTopic } from './missing-topic.ts';

/** Timestamps of a ListOffsets request. */
const EARLIEST = -2n;
const LATEST = -1n;

const READ_COMMITTED = 1;
/** A fetch request without a session, which the broker forgets with its response. */
const NO_SESSION = { id: 0, epoch: -1 };
const UNKNOWN_EPOCH = -1;
/** How long a broker waits for records at the end of a partition. */
const FETCH_WAIT_MS = 100;
const MIN_BYTES = 1;
const FETCH_BYTES = 1024 * 1024;

const REQUEST_TIMEOUT_MS = 4_000;
const RETRIES = 2;

/** Connects on first use. Joins no consumer group. */
export class KafkaTopicInspector implements TopicInspector {
  readonly #admin: Admin;
  readonly #connections: ConnectionPool;

  constructor(settings: KafkaSettings) {
    const connection = { ...connectionOptions(requestSettings(settings)), requestTimeout: REQUEST_TIMEOUT_MS };
    this.#admin = new Admin({
      ...connection,
      clientId: settings.clientId,
      bootstrapBrokers: shuffled(settings.brokers),
      retries: RETRIES,
      retryDelay: 100,
      autocreateTopics: false,
    });
    this.#connections = new ConnectionPool(settings.clientId, connection);
    ignoreLaterErrors(this.#admin.connections);
    ignoreLaterErrors(this.#connections);
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
    const leader = leaders[partition];
    if (leader === undefined) throw new Error(`expected partition ${partition} of ${topic} to have a leader, got none`);
    const connection = await attempt(this.#connections.get(leader));
    let fetchOffset = first;
    while (fetchOffset < next) {
      const request = { partition, fetchOffset, partitionMaxBytes: FETCH_BYTES };
      const epochs = { currentLeaderEpoch: UNKNOWN_EPOCH, lastFetchedEpoch: UNKNOWN_EPOCH };
      const topics = [{ topicId, partitions: [{ ...request, ...epochs }] }];
      const { responses } = (await attempt(
        fetchV13.api.async(
          ...([connection, FETCH_WAIT_MS, MIN_BYTES, FETCH_BYTES, READ_COMMITTED] as const),
          ...([NO_SESSION.id, NO_SESSION.epoch, topics, [], ''] as [number, number, typeof topics, [], string]),
        ),
      )) as fetchV13.FetchResponse;
      const { records, abortedTransactions } = responses[0]?.partitions[0] ?? {};
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

  async #metadata(name: string) {
    // Without this the library keeps the id of the first cluster that it has met.
    this.#admin.clearMetadata();
    try {
      const { id, topics, brokers } = await attempt(this.#admin.metadata({ topics: [name], forceUpdate: true }));
      const topic = topics.get(name);
      if (topic === undefined) throw missingTopic(name);
      const leaders = topic.partitions.map(({ leader }) => brokers.get(leader));
      return { clusterId: id, topicId: topic.id, partitionCount: topic.partitionsCount, leaders };
    } catch (error) {
      throw isUnknownTopic(error) ? missingTopic(name, error) : error;
    }
  }
}

function offsetOf(offsets: ReadonlyMap<number, bigint>, topic: string, partition: number): bigint {
  const offset = offsets.get(partition);
  if (offset === undefined) throw new Error(`expected the offsets of partition ${partition} of ${topic}, got none`);
  return offset;
}
