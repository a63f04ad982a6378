import { topicSpecifications } from '../core/topic-specifications.ts';
import type { CaptureInstaller, Migration, SchemaMigrator } from '../ports/schema-migrator.ts';
import type { TopicAdmin, TopicReport } from '../ports/topic-admin.ts';

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
