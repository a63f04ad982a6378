import { type Admin, Kafka, logLevel } from 'kafkajs';
import type { ObservedGroup } from '../../../functions/core/observation.ts';

export interface TopicSize {
  readonly topic: string;
  readonly records: number;
}

interface CommittedOffset {
  readonly group: string;
  readonly topic: string;
  readonly partition: number;
  /** -1 before the first commit. */
  readonly offset: bigint;
}

export interface KafkaStatus {
  readonly topics: readonly string[];
  readonly groups: readonly ObservedGroup[];
  readonly deadLetters: readonly TopicSize[];
}

interface PartitionEnds {
  readonly partition: number;
  readonly low: string;
  readonly high: string;
}

const DEAD_LETTER_SUFFIX = '.dead-letter';

/** Reads the positions of all consumer groups, and the number of records in the dead-letter topics. */
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
    return { topics, groups: groupsOf(committed, ends), deadLetters };
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

function groupsOf(
  committed: readonly CommittedOffset[],
  ends: ReadonlyMap<string, readonly PartitionEnds[]>,
): ObservedGroup[] {
  const byGroupAndTopic = Map.groupBy(committed, ({ group, topic }) => JSON.stringify([group, topic]));
  return [...byGroupAndTopic].map(([key, offsets]) => {
    const [group, topic] = JSON.parse(key) as [string, string];
    return { group, topic, partitions: partitionsOf(offsets, ends.get(topic) ?? []) };
  });
}

/** A partition without a committed offset is consumed from its first record. */
function partitionsOf(
  committed: readonly CommittedOffset[],
  ends: readonly PartitionEnds[],
): ObservedGroup['partitions'] {
  const offsets = new Map(committed.map(({ partition, offset }) => [partition, offset]));
  return ends.map(({ partition, low, high }) => {
    const offset = offsets.get(partition) ?? -1n;
    const next = offset < BigInt(low) ? BigInt(low) : offset;
    return { partition, next, lag: BigInt(high) - next };
  });
}

function sum(counts: readonly bigint[]): number {
  return Number(counts.reduce((total, count) => total + count, 0n));
}
