import { Kafka, logLevel } from 'kafkajs';

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

export interface KafkaStatus {
  readonly lags: readonly GroupLag[];
  readonly deadLetters: readonly TopicSize[];
}

const DEAD_LETTER_SUFFIX = '.dead-letter';

/** Reads the lag of all consumer groups, and the number of records in the dead-letter topics. */
export async function readKafkaStatus(brokers: string[]): Promise<KafkaStatus> {
  const kafka = new Kafka({
    clientId: 'status',
    brokers,
    logLevel: logLevel.NOTHING,
    connectionTimeout: 3_000,
    retry: { retries: 2 },
  });
  const admin = kafka.admin();
  await admin.connect();
  try {
    const topics = (await admin.listTopics()).filter((topic) => !topic.startsWith('__')).sort();
    const ends = new Map(
      await Promise.all(topics.map(async (topic) => [topic, await admin.fetchTopicOffsets(topic)] as const)),
    );
    const { groups } = await admin.listGroups();
    const lags = await Promise.all(
      groups
        .map(({ groupId }) => groupId)
        .sort()
        .map(async (group) => {
          const committed = await admin.fetchOffsets({ groupId: group });
          return committed
            .filter(({ topic }) => ends.has(topic))
            .map(({ topic, partitions }) => ({ group, topic, lag: lagOf(partitions, ends.get(topic) ?? []) }));
        }),
    );
    const deadLetters = topics
      .filter((topic) => topic.endsWith(DEAD_LETTER_SUFFIX))
      .map((topic) => ({
        topic,
        records: sum((ends.get(topic) ?? []).map(({ high, low }) => BigInt(high) - BigInt(low))),
      }));
    return { lags: lags.flat(), deadLetters };
  } finally {
    await admin.disconnect();
  }
}

/** A partition without a committed offset counts as a whole. Its offset is -1. */
function lagOf(
  committed: readonly { partition: number; offset: string }[],
  ends: readonly { partition: number; low: string; high: string }[],
): number {
  const offsets = new Map(committed.map(({ partition, offset }) => [partition, BigInt(offset)]));
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
