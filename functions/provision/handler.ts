import { join } from 'node:path';
import { openConditionStore } from '../adapters/dynamodb/open-condition-store.ts';
import { KafkaTopicAdmin } from '../adapters/kafka/kafka-topic-admin.ts';
import { openAsOwner } from '../adapters/postgres/open-as-owner.ts';
import { PostgresCaptureInstaller } from '../adapters/postgres/postgres-capture-installer.ts';
import { PostgresRoleInstaller } from '../adapters/postgres/postgres-role-installer.ts';
import { PostgresSchemaMigrator } from '../adapters/postgres/postgres-schema-migrator.ts';
import type { Deadline } from '../ports/deadline.ts';
import { conditionsShape, kafkaOf, loadConfig } from '../runtime/config.ts';
import { createHandler } from '../runtime/handler.ts';
import { systemClock } from '../runtime/system-clock.ts';
import { provisionShape } from './config.ts';
import { isCustomResourceEvent, respondToCloudFormation } from './custom-resource.ts';
import { readMigrations } from './migration-files.ts';
import { ANSWER_RESERVE_MS, provisionInTime } from './provision-in-time.ts';
import { Provisioner, type ProvisionReport, raisePartitions } from './provisioner.ts';
import { withDatabases } from './with-databases.ts';

const NAME = 'provision';

/** `sql/` has the same place relative to this file in the repository and in the deployed package. */
const SQL = join(import.meta.dirname, '../../sql');

async function provision(deadline: Deadline): Promise<ProvisionReport> {
  const config = loadConfig(provisionShape, process.env);
  const client = { applicationName: NAME, region: config.AWS_REGION };
  return withDatabases(
    () => openAsOwner({ url: config.SOURCE_DATABASE_URL, ...client }, config.SOURCE_DATABASE_SECRET_ARN),
    () => openAsOwner({ url: config.TARGET_DATABASE_URL, ...client }, config.TARGET_DATABASE_SECRET_ARN),
    (source, target) =>
      new Provisioner({
        source: new PostgresSchemaMigrator(source, { deadline }),
        target: new PostgresSchemaMigrator(target, { deadline }),
        capture: new PostgresCaptureInstaller(source),
        roles: { source: new PostgresRoleInstaller(source), target: new PostgresRoleInstaller(target) },
        topics: new KafkaTopicAdmin(kafkaOf(config, NAME)),
        readMigrations: (folder) => readMigrations(join(SQL, folder)),
        partitions: config.TOPIC_PARTITIONS,
      }).provision(),
  );
}

async function raiseTopics(): Promise<readonly string[]> {
  const config = loadConfig(provisionShape, process.env);
  return raisePartitions(new KafkaTopicAdmin(kafkaOf(config, NAME)), config.TOPIC_PARTITIONS);
}

/** Returns a report when it is invoked directly, and responds to CloudFormation when it is invoked as a custom resource. */
export const handler = createHandler({
  name: NAME,
  openConditions: () => openConditionStore(loadConfig(conditionsShape, process.env).OFFSET_TABLE),
  // `handle` lets these connect, because CloudFormation must also receive a failure to connect.
  connect: ({ logger }) => ({ logger, provision, raiseTopics }),
  handle: async ({ logger, provision, raiseTopics }, event: unknown, context) => {
    // Before the end, so that the error says which migration takes too long.
    const deadline = { remainingMs: () => context.getRemainingTimeInMillis() - 2 * ANSWER_RESERVE_MS };
    if (isRaiseRequest(event)) return { raised: await raiseTopics() };
    if (isCustomResourceEvent(event) && event.RequestType === 'Delete') {
      await respondToCloudFormation(event, {});
      return undefined;
    }
    try {
      // A person who provisions directly sees the error at once, and repeats it.
      const report = isCustomResourceEvent(event)
        ? await provisionInTime(() => provision(deadline), {
            ...{ clock: systemClock, logger },
            deadline: { remainingMs: () => context.getRemainingTimeInMillis() },
          })
        : await provision(deadline);
      logger.info('provisioned', { ...report });
      if (isCustomResourceEvent(event)) await respondToCloudFormation(event, {});
      return report;
    } catch (error) {
      if (!isCustomResourceEvent(event)) throw error;
      // Not thrown: CloudFormation rolls back now, and a retry by Lambda would provision again during the rollback.
      logger.error('provisioning failed', error as Error);
      await respondToCloudFormation(event, { error: error as Error });
      return undefined;
    }
  },
});

/** An operator's command. More partitions are never added by themselves, because keys then change their partition. */
function isRaiseRequest(event: unknown): boolean {
  return typeof event === 'object' && event !== null && 'raisePartitions' in event && event.raisePartitions === true;
}
