import {
  CHANGES_DEAD_LETTER_TOPIC,
  CHANGES_TOPIC,
  DEAD_LETTER_RETENTION_MS,
  RETENTION_MS,
  SALARIES_DEAD_LETTER_TOPIC,
  SALARIES_TOPIC,
} from '../core/topics.ts';

export interface TopicSpecification {
  readonly topic: string;
  readonly partitions: number;
  readonly config: Readonly<Record<string, string>>;
}

/** Creates what is not there; any number of callers at once. */
export interface Provisionable {
  migrateSource(): Promise<readonly string[]>;
  migrateTarget(): Promise<readonly string[]>;
  createTopics(topics: readonly TopicSpecification[]): Promise<readonly TopicReport[]>;
}

interface TopicReport {
  readonly topic: string;
  readonly outcome: string;
  readonly partitions: number;
}

/**
 * Brings databases and topics to what this version of the project needs. Repeating it changes nothing; nothing is ever
 * taken away.
 */
export class Provisioner {
  readonly #infrastructure: Provisionable;
  readonly #partitions: number;

  constructor(infrastructure: Provisionable, partitions: number) {
    this.#infrastructure = infrastructure;
    this.#partitions = partitions;
  }

  async provision() {
    const [source, target, topics] = await Promise.all([
      this.#infrastructure.migrateSource(),
      this.#infrastructure.migrateTarget(),
      this.#infrastructure.createTopics(topicSpecifications(this.#partitions)),
    ]);
    return { migrations: { source, target }, topics };
  }
}

function topicSpecifications(partitions: number): TopicSpecification[] {
  const specify = (topic: string, retentionMs: number) => ({
    topic,
    partitions,
    config: { 'cleanup.policy': 'delete', 'retention.ms': String(retentionMs) },
  });
  return [
    specify(SALARIES_TOPIC, RETENTION_MS),
    specify(CHANGES_TOPIC, RETENTION_MS),
    specify(SALARIES_DEAD_LETTER_TOPIC, DEAD_LETTER_RETENTION_MS),
    specify(CHANGES_DEAD_LETTER_TOPIC, DEAD_LETTER_RETENTION_MS),
  ];
}
