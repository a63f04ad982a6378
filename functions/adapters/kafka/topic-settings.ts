import { setTimeout as sleep } from 'node:timers/promises';
import {
  type Admin,
  ConfigResourceTypes,
  findErrorBy,
  IncrementalAlterConfigOperationTypes,
} from '@platformatic/kafka';
import type { TopicSpecification } from '../../ports/topic-admin.ts';
import type { KafkaSettings } from './kafka-client.ts';
import { attempt } from './kafka-requests.ts';
import { createReadingClient } from './partition-fetch.ts';
import { TransientKafkaError } from './produce-client.ts';

const RETRY_PAUSE_MS = 200;

/** MSK also answers so while it does not know the permissions of a new role yet. */
const NOT_AUTHORIZED = ['TOPIC_AUTHORIZATION_FAILED', 'CLUSTER_AUTHORIZATION_FAILED'];

/**
 * Sets the `enforced` configuration of topics that exist with another one. Uses @platformatic/kafka, because kafkajs
 * can only replace the whole configuration of a topic.
 *
 * @param retryForMs how long a broker may not know a topic that another caller has just created.
 */
export async function enforceSettings(
  settings: KafkaSettings,
  specifications: readonly TopicSpecification[],
  retryForMs: number,
): Promise<void> {
  const wanted = specifications.filter(({ enforced = {} }) => Object.keys(enforced).length > 0);
  if (wanted.length === 0) return;
  const { admin, connections } = createReadingClient(settings);
  const deadline = performance.now() + retryForMs;
  try {
    for (;;) {
      try {
        return await setMissing(admin, wanted);
      } catch (error) {
        if (!mayPass(error) || performance.now() > deadline) throw error;
        await sleep(RETRY_PAUSE_MS);
      }
    }
  } finally {
    await Promise.all([admin.close(), connections.close()]);
  }
}

async function setMissing(admin: Admin, wanted: readonly TopicSpecification[]): Promise<void> {
  const described = await attempt(
    admin.describeConfigs({
      resources: wanted.map(({ topic, enforced = {} }) => ({
        resourceType: ConfigResourceTypes.TOPIC,
        resourceName: topic,
        configurationKeys: Object.keys(enforced),
      })),
    }),
  );
  const resources = wanted.flatMap(({ topic, enforced = {} }) => {
    const { configs = [] } = described.find(({ resourceName }) => resourceName === topic) ?? {};
    const missing = Object.entries(enforced).filter(
      ([name, value]) => !configs.some((each) => each.name === name && each.value === value),
    );
    return missing.length === 0 ? [] : [{ topic, missing }];
  });
  if (resources.length === 0) return;
  await attempt(
    admin.incrementalAlterConfigs({
      resources: resources.map(({ topic, missing }) => ({
        resourceType: ConfigResourceTypes.TOPIC,
        resourceName: topic,
        configs: missing.map(([name, value]) => ({
          name,
          configOperation: IncrementalAlterConfigOperationTypes.SET,
          value,
        })),
      })),
    }),
  );
}

function mayPass(error: unknown): boolean {
  return (
    error instanceof TransientKafkaError || NOT_AUTHORIZED.some((code) => findErrorBy(error as Error, 'apiId', code))
  );
}
