import { type Admin, Kafka, logLevel } from 'kafkajs';

/** The records of a topic whose offsets a consumer group has not committed yet. */
export interface GroupLag {
  readonly group: string;
  readonly topic: string;
  readonly lag: number;
}

export interface TopicSize {
  readonly topic: string;
  readonly records: number;
}

export interface CommittedOffset {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** -1 before the first commit. */
  readonly offset: bigint;
}

export interface KafkaStatus {
  readonly topics: readonly string[];
  readonly lags: readonly GroupLag[];
  readonly committed: readonly CommittedOffset[];
  readonly deadLetters: readonly TopicSize[];
}

interface PartitionEnds {
  readonly partition: number;
  readonly low: string;
  readonly high: string;
}

const DEAD_LETTER_SUFFIX = '.dead-letter';

/** Reads the lag of all consumer groups, and the number of records in the dead-letter topics. */
export async function readKafkaStatus(brokers: string[]): Promise<KafkaStatus> {
  const kafka = new Kafka({
    clientId: 'status',
    brokers,
    logLevel: logLevel.NOTHING,
    connectionTimeout: 3_000,
    requestTimeout: 3_000,
    retry: { retries: 1 },
  });
  const admin = kafka.admin();
  try {
    await admin.connect();
    const topics = (await admin.listTopics()).filter((topic) => !topic.startsWith('__')).sort();
    const ends = new Map(
      await Promise.all(topics.map(async (topic) => [topic, await admin.fetchTopicOffsets(topic)] as const)),
    );
    const committed = await readCommittedOffsets(admin, ends);
    const deadLetters = topics
      .filter((topic) => topic.endsWith(DEAD_LETTER_SUFFIX))
      .map((topic) => ({
        topic,
        records: sum((ends.get(topic) ?? []).map(({ high, low }) => BigInt(high) - BigInt(low))),
      }));
    return { topics, lags: lagsOf(committed, ends), committed, deadLetters };
  } finally {
    await admin.disconnect();
  }
}

/** Of all groups, sorted, for the topics in `ends`. */
async function readCommittedOffsets(
  admin: Admin,
  ends: ReadonlyMap<string, readonly PartitionEnds[]>,
): Promise<CommittedOffset[]> {
  const { groups } = await admin.listGroups();
  const offsets = await Promise.all(
    groups
      .map(({ groupId }) => groupId)
      .sort()
      .map(async (group) => {
        const topics = await admin.fetchOffsets({ groupId: group });
        return topics
          .filter(({ topic }) => ends.has(topic))
          .flatMap(({ topic, partitions }) =>
            partitions.map(({ partition, offset }) => ({ group, topic, partition, offset: BigInt(offset) })),
          );
      }),
  );
  return offsets.flat();
}

function lagsOf(
  committed: readonly CommittedOffset[],
  ends: ReadonlyMap<string, readonly PartitionEnds[]>,
): GroupLag[] {
  const byGroupAndTopic = Map.groupBy(committed, ({ group, topic }) => JSON.stringify([group, topic]));
  return [...byGroupAndTopic].map(([key, offsets]) => {
    const [group, topic] = JSON.parse(key) as [string, string];
    return { group, topic, lag: lagOf(offsets, ends.get(topic) ?? []) };
  });
}

/** A partition without a committed offset counts as a whole. */
function lagOf(committed: readonly CommittedOffset[], ends: readonly PartitionEnds[]): number {
  const offsets = new Map(committed.map(({ partition, offset }) => [partition, offset]));
  return sum(
    ends.map(({ partition, low, high }) => {
      const offset = offsets.get(partition) ?? -1n;
      return BigInt(high) - (offset < BigInt(low) ? BigInt(low) : offset);
    }),
  );
}

function sum(counts: readonly bigint[]): number {
  return Number(counts.reduce((total, count) => total + count, 0n));
}
