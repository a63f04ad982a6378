import { setTimeout as sleep } from 'node:timers/promises';
import kafkajs, { type Admin, type Kafka, type PartitionMetadata } from 'kafkajs';

export interface TopicSpecification {
  readonly topic: string;
  readonly partitions: number;
  /** Topic configuration by its Kafka names, e.g. `{'cleanup.policy': 'delete', 'retention.ms': '1209600000'}`. */
  readonly config: Readonly<Record<string, string>>;
}

/** What there is after the call. */
export interface TopicReport {
  readonly topic: string;
  /** `exists`: it was there before; its configuration is left as it is. */
  readonly outcome: 'created' | 'exists';
  readonly partitions: number;
  /** More than `partitions` when the topic was there with fewer: adding some is a decision, as keys would move. */
  readonly partitionsWanted: number;
}

/** How long a created topic may take until the brokers know it with a leader for every partition. */
const VISIBLE_WITHIN_MS = 30_000;

/**
 * Creates the topics that are not there yet, with the broker's default replication factor, and waits until all of them
 * can be written to. Any number of callers may do so at once. Nothing is ever deleted or altered.
 *
 * @throws whatever the broker refuses, e.g. an unknown configuration name; other topics may have been created.
 */
export async function createTopics(
  kafka: Kafka,
  specifications: readonly TopicSpecification[],
): Promise<TopicReport[]> {
  return withAdmin(kafka, async (admin) => {
    const present = new Set(await admin.listTopics());
    return Promise.all(specifications.map((wanted) => ensureTopic(admin, wanted, present.has(wanted.topic))));
  });
}

/**
 * The number of partitions of a topic.
 *
 * @throws when there is no such topic.
 */
export async function partitionCount(kafka: Kafka, topic: string): Promise<number> {
  return (await describeTopic(kafka, topic)).length;
}

/**
 * The partitions of a topic and who leads them.
 *
 * @throws when there is no such topic.
 */
export async function describeTopic(kafka: Kafka, topic: string): Promise<PartitionMetadata[]> {
  return withAdmin(kafka, (admin) => readPartitions(admin, topic));
}

async function ensureTopic(admin: Admin, wanted: TopicSpecification, present: boolean): Promise<TopicReport> {
  const created = !present && (await createTopic(admin, wanted));
  return {
    topic: wanted.topic,
    outcome: created ? 'created' : 'exists',
    partitions: await untilLed(admin, wanted.topic),
    partitionsWanted: wanted.partitions,
  };
}

/** False when somebody else was faster. */
async function createTopic(admin: Admin, { topic, partitions, config }: TopicSpecification): Promise<boolean> {
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  try {
    return await admin.createTopics({
      waitForLeaders: false,
      topics: [{ topic, numPartitions: partitions, replicationFactor: -1, configEntries }],
    });
  } catch (error) {
    const reasons = error instanceof kafkajs.KafkaJSAggregateError ? error.errors.map(String) : [];
    throw new Error(
      `topic ${topic} with ${partitions} partitions and ${JSON.stringify(config)} could not be created: ` +
        (reasons.join('; ') || String(error)),
      { cause: error },
    );
  }
}

/** The controller knows of a topic before the brokers do; whoever publishes in between would be refused. */
async function untilLed(admin: Admin, topic: string): Promise<number> {
  const deadline = Date.now() + VISIBLE_WITHIN_MS;
  for (;;) {
    try {
      const partitions = await readPartitions(admin, topic);
      if (partitions.length > 0 && partitions.every(({ leader }) => leader >= 0)) return partitions.length;
    } catch (error) {
      if (!isPropagating(error) || Date.now() > deadline) throw error;
    }
    if (Date.now() > deadline) {
      throw new Error(
        `topic ${topic} exists, but has partitions without a leader after ${VISIBLE_WITHIN_MS / 1000} s: look at the brokers`,
      );
    }
    await sleep(50);
  }
}

async function readPartitions(admin: Admin, topic: string): Promise<PartitionMetadata[]> {
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  return topics[0]?.partitions ?? [];
}

function isPropagating(error: unknown): boolean {
  const type = error instanceof Error && 'type' in error ? error.type : undefined;
  return type === 'UNKNOWN_TOPIC_OR_PARTITION' || type === 'LEADER_NOT_AVAILABLE';
}

async function withAdmin<Result>(kafka: Kafka, work: (admin: Admin) => Promise<Result>): Promise<Result> {
  const admin = kafka.admin();
  try {
    await admin.connect();
    return await work(admin);
  } finally {
    await admin.disconnect();
  }
}
