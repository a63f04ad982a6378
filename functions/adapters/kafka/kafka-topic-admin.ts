import { setTimeout as sleep } from 'node:timers/promises';
import type { Admin, PartitionMetadata } from 'kafkajs';
import type { TopicAdmin, TopicReport, TopicSpecification } from '../../ports/topic-admin.ts';
import { createAdminClient, type KafkaSettings } from './kafka-client.ts';

/** How long a created topic may take until the brokers report a leader for every partition. */
const VISIBLE_WITHIN_MS = 30_000;
const POLL_INTERVAL_MS = 50;

/** Each call connects, does its work and disconnects, because administration is rare. */
export class KafkaTopicAdmin implements TopicAdmin {
  readonly #settings: KafkaSettings;

  constructor(settings: KafkaSettings) {
    this.#settings = settings;
  }

  async createTopics(specifications: readonly TopicSpecification[]): Promise<readonly TopicReport[]> {
    const reports = await this.#connected(async (admin) => {
      const present = new Set(await admin.listTopics());
      return Promise.all(specifications.map((wanted) => ensureTopic(admin, wanted, present.has(wanted.topic))));
    });
    // A new topic has these settings, and a broker that is asked for them at once may not know the topic yet.
    const existing = specifications.filter((_, index) => reports[index]?.outcome === 'exists');
    if (existing.length === 0) return reports;
    // Imported on demand: otherwise each function that imports this adapter would load a second Kafka client at start.
    const { enforceSettings } = await import('./topic-settings.ts');
    await enforceSettings(this.#settings, existing, VISIBLE_WITHIN_MS);
    return reports;
  }

  async addPartitions(
    specifications: readonly Pick<TopicSpecification, 'topic' | 'partitions'>[],
  ): Promise<readonly string[]> {
    return this.#connected(async (admin) => {
      const raised: string[] = [];
      for (const { topic, partitions } of specifications) {
        if ((await waitForLeaders(admin, topic)) >= partitions) continue;
        await admin.createPartitions({ topicPartitions: [{ topic, count: partitions }] });
        await waitForLeaders(admin, topic, partitions);
        raised.push(topic);
      }
      return raised;
    });
  }

  async #connected<Result>(work: (admin: Admin) => Promise<Result>): Promise<Result> {
    const admin = (await createAdminClient(this.#settings)).admin();
    try {
      await admin.connect();
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  }
}

async function ensureTopic(admin: Admin, wanted: TopicSpecification, present: boolean): Promise<TopicReport> {
  const created = !present && (await createTopic(admin, wanted));
  return {
    topic: wanted.topic,
    outcome: created ? 'created' : 'exists',
    partitions: await waitForLeaders(admin, wanted.topic),
    partitionsWanted: wanted.partitions,
  };
}

/** False when another caller has created the topic in the meantime. */
async function createTopic(admin: Admin, { topic, partitions, ...given }: TopicSpecification): Promise<boolean> {
  const config = { ...given.config, ...given.enforced };
  const configEntries = Object.entries(config).map(([name, value]) => ({ name, value }));
  try {
    return await admin.createTopics({
      waitForLeaders: false,
      topics: [{ topic, numPartitions: partitions, replicationFactor: -1, configEntries }],
    });
  } catch (error) {
    // kafkajs throws an error that collects those of the single topics.
    const reasons = error instanceof Error && 'errors' in error ? (error.errors as unknown[]).map(String) : [];
    throw new Error(
      `topic ${topic} with ${partitions} partitions and ${JSON.stringify(config)} could not be created: ` +
        (reasons.join('; ') || String(error)),
      { cause: error },
    );
  }
}

/**
 * Resolves with the number of partitions when there are enough and all of them have a leader. The controller knows a new topic before the
 * brokers do, and a record published in between would be refused.
 */
async function waitForLeaders(admin: Admin, topic: string, atLeast = 1): Promise<number> {
  const deadline = performance.now() + VISIBLE_WITHIN_MS;
  for (;;) {
    try {
      const partitions = await readPartitions(admin, topic);
      if (partitions.length >= atLeast && partitions.every(({ leader }) => leader >= 0)) return partitions.length;
    } catch (error) {
      if (!isPropagating(error) || performance.now() > deadline) throw error;
    }
    if (performance.now() > deadline) {
      throw new Error(
        `topic ${topic} exists, but has partitions without a leader after ${VISIBLE_WITHIN_MS / 1000} s: look at the brokers`,
      );
    }
    await sleep(POLL_INTERVAL_MS);
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
