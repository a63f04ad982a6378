import {
  CHANGES_DEAD_LETTER_TOPIC,
  CHANGES_TOPIC,
  DEAD_LETTER_RETENTION_MS,
  RETENTION_MS,
  SALARIES_DEAD_LETTER_TOPIC,
  SALARIES_TOPIC,
} from '../core/topics.ts';
import type { CaptureInstaller, Migration, SchemaMigrator } from '../ports/schema-migrator.ts';
import type { TopicAdmin, TopicReport, TopicSpecification } from '../ports/topic-admin.ts';

export interface ProvisionerDependencies {
  readonly source: SchemaMigrator;
  readonly target: SchemaMigrator;
  readonly capture: CaptureInstaller;
  readonly topics: Pick<TopicAdmin, 'createTopics'>;
  /** Reads the migrations of `sql/`, and the files that install the capture of changes in the source. */
  readonly readMigrations: (folder: 'source' | 'target' | 'capture') => Promise<readonly Migration[]>;
  /** Partitions of a topic that is created. */
  readonly partitions: number;
}

/** What one call of `provision` found and did. */
export interface ProvisionReport {
  /** Names of the migrations that this call applied. */
  readonly migrations: { readonly source: readonly string[]; readonly target: readonly string[] };
  readonly topics: readonly TopicReport[];
  /** What was mended in the capture of changes. A new snapshot then begins by itself. */
  readonly mendedCapture: readonly string[];
}

/**
 * Creates the tables and topics that this version of the project needs, and mends the capture of changes. Repeating it
 * changes nothing, no data is ever deleted, and any number of callers may run at the same time.
 */
export class Provisioner {
  readonly #deps: ProvisionerDependencies;

  constructor(dependencies: ProvisionerDependencies) {
    this.#deps = dependencies;
  }

  /** @throws when a migration fails, Kafka refuses a topic, or one of the servers is unreachable. */
  async provision(): Promise<ProvisionReport> {
    const { source, target, capture, topics, readMigrations, partitions } = this.#deps;
    const migrate = async (migrator: SchemaMigrator, database: 'source' | 'target') =>
      migrator.migrate(await readMigrations(database));
    const provisionSource = async () => {
      const migrations = await migrate(source, 'source');
      return { migrations, mendedCapture: await capture.install(await readMigrations('capture')) };
    };
    const [{ migrations, mendedCapture }, targetMigrations, topicReports] = await Promise.all([
      provisionSource(),
      migrate(target, 'target'),
      topics.createTopics(topicSpecifications(partitions)),
    ]);
    return { migrations: { source: migrations, target: targetMigrations }, topics: topicReports, mendedCapture };
  }
}

/**
 * The broker sets the time of each record, which also decides when the record is deleted. Otherwise Kafka refuses
 * records of a function whose clock is ahead, and deletes those of one whose clock is behind before they are consumed.
 */
const ENFORCED = { 'message.timestamp.type': 'LogAppendTime' };

function topicSpecifications(partitions: number): TopicSpecification[] {
  const specify = (topic: string, retentionMs: number) => ({
    topic,
    partitions,
    config: { 'cleanup.policy': 'delete', 'retention.ms': String(retentionMs) },
    enforced: ENFORCED,
  });
  return [
    specify(SALARIES_TOPIC, RETENTION_MS),
    specify(CHANGES_TOPIC, RETENTION_MS),
    specify(SALARIES_DEAD_LETTER_TOPIC, DEAD_LETTER_RETENTION_MS),
    specify(CHANGES_DEAD_LETTER_TOPIC, DEAD_LETTER_RETENTION_MS),
  ];
}
