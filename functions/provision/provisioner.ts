import { topicSpecifications } from '../core/topic-specifications.ts';
import type { RoleInstaller } from '../ports/role-installer.ts';
import type { CaptureInstaller, Migration, SchemaMigrator } from '../ports/schema-migrator.ts';
import type { TopicAdmin, TopicReport } from '../ports/topic-admin.ts';

type DatabaseSide = 'source' | 'target';
type SqlFolder = DatabaseSide | 'capture' | `${DatabaseSide}-grants`;

export interface ProvisionerDependencies {
  readonly source: SchemaMigrator;
  readonly target: SchemaMigrator;
  readonly capture: CaptureInstaller;
  readonly roles: { readonly source: RoleInstaller; readonly target: RoleInstaller };
  readonly topics: Pick<TopicAdmin, 'createTopics'>;
  /** Reads a folder of `sql/`: migrations, what installs the capture of changes in the source, or the functions' privileges. */
  readonly readMigrations: (folder: SqlFolder) => Promise<readonly Migration[]>;
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
  /** The statements that created the functions' roles and corrected their privileges. */
  readonly roles: { readonly source: readonly string[]; readonly target: readonly string[] };
}

/**
 * Creates the tables, roles and topics that this version of the project needs, and mends the capture of changes. Repeating it
 * changes nothing, no data is ever deleted, and any number of callers may run at the same time.
 */
export class Provisioner {
  readonly #deps: ProvisionerDependencies;

  constructor(dependencies: ProvisionerDependencies) {
    this.#deps = dependencies;
  }

  /**
   * @throws when a migration fails, Kafka refuses a topic, or one of the servers is unreachable, after what was begun on the
   * others has ended.
   */
  async provision(): Promise<ProvisionReport> {
    const { source, target, capture, roles, topics, readMigrations, partitions } = this.#deps;
    const installRoles = async (side: DatabaseSide) => roles[side].install(await readMigrations(`${side}-grants`));
    const provisionSource = async () => {
      const migrations = await source.migrate(await readMigrations('source'));
      const mendedCapture = await capture.install(await readMigrations('capture'));
      return { migrations, mendedCapture, roles: await installRoles('source') };
    };
    const provisionTarget = async () => {
      const migrations = await target.migrate(await readMigrations('target'));
      return { migrations, roles: await installRoles('target') };
    };
    const parts = [provisionSource(), provisionTarget(), topics.createTopics(topicSpecifications(partitions))] as const;
    // All have ended before an error is thrown, so that a repetition never overlaps a migration that still runs.
    await Promise.allSettled(parts);
    const [ofSource, ofTarget, topicReports] = await Promise.all(parts);
    return {
      migrations: { source: ofSource.migrations, target: ofTarget.migrations },
      topics: topicReports,
      mendedCapture: ofSource.mendedCapture,
      roles: { source: ofSource.roles, target: ofTarget.roles },
    };
  }
}

/** Adds the partitions that the topics lack. @returns the topics that have more now. @throws as `TopicAdmin`. */
export function raisePartitions(
  topics: Pick<TopicAdmin, 'addPartitions'>,
  partitions: number,
): Promise<readonly string[]> {
  return topics.addPartitions(topicSpecifications(partitions));
}
