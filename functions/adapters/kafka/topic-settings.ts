import { ConfigResourceTypes, IncrementalAlterConfigOperationTypes } from '@platformatic/kafka';
import type { TopicSpecification } from '../../ports/topic-admin.ts';
import type { KafkaSettings } from './kafka-client.ts';
import { attempt } from './kafka-requests.ts';
import { createReadingClient } from './partition-fetch.ts';

/**
 * Sets the `enforced` configuration of topics that exist with another one. Uses @platformatic/kafka, because kafkajs
 * can only replace the whole configuration of a topic.
 */
export async function enforceSettings(
  settings: KafkaSettings,
  specifications: readonly TopicSpecification[],
): Promise<void> {
  const wanted = specifications.filter(({ enforced = {} }) => Object.keys(enforced).length > 0);
  if (wanted.length === 0) return;
  const { admin, connections } = createReadingClient(settings);
  try {
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
  } finally {
    await Promise.all([admin.close(), connections.close()]);
  }
}
