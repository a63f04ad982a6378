import { Kafka, logLevel } from 'kafkajs';
import { stopIdleTimers } from '../event-sources/kafka/consumer/patched-kafkajs.ts';

/** How far a consumer group is behind on a topic: records that are there and that it has not confirmed. */
export interface GroupLag {
  readonly group: string;
  readonly topic: string;
  readonly lag: number;
}

/** How many records a topic holds. */
export interface TopicRecords {
  readonly topic: string;
  readonly records: number;
}

export interface KafkaStatus {
  readonly lags: readonly GroupLag[];
  readonly deadLetters: readonly TopicRecords[];
}

const DEAD_LETTER_SUFFIX = '.dead-letter';

/** Reads what every group has confirmed of every topic that it reads, and how full the dead-letter topics are. */
export async function readKafkaStatus(brokers: string[]): Promise<KafkaStatus> {
  stopIdleTimers();
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

/** Of a partition of which nothing has been confirmed, everything is still to be read. */
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
