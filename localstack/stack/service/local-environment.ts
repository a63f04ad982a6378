import type { StackEndpoints } from '../endpoints.ts';
import type { LocalEnvironment } from './environment.ts';

/** What the functions' variables are on a laptop. */
export function localEnvironment(
  endpoints: StackEndpoints,
  resources: readonly { logicalId: string | undefined; name: string }[],
): LocalEnvironment {
  const { s3, kafka, dynamodb, lambda } = endpoints;
  return {
    replacements: {
      KAFKA_BROKERS: kafka.brokers.join(','),
      KAFKA_AUTH: 'none',
      SOURCE_DATABASE_URL: endpoints.sourceDatabaseUrl,
      TARGET_DATABASE_URL: endpoints.targetDatabaseUrl,
    },
    additions: {
      // Nobody collects them here, and each invocation would print them.
      POWERTOOLS_METRICS_DISABLED: 'true',
      AWS_REGION: s3.region,
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
      AWS_ENDPOINT_URL_S3: s3.endpoint,
      AWS_ENDPOINT_URL_DYNAMODB: dynamodb.endpoint,
      AWS_ENDPOINT_URL_LAMBDA: lambda.endpoint,
    },
    removals: [
      // The passwords of RDS and its certificates.
      'SOURCE_DATABASE_SECRET_ARN',
      'TARGET_DATABASE_SECRET_ARN',
      'NODE_EXTRA_CA_CERTS',
      // Settings of a process of its own; here all functions share one.
      'NODE_OPTIONS',
      'MALLOC_ARENA_MAX',
    ],
    references: Object.fromEntries(
      resources.flatMap(({ logicalId, name }) => (logicalId === undefined ? [] : [[logicalId, name]])),
    ),
  };
}
