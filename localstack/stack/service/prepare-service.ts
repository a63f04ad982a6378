import { createDynamoDbClient, createS3Client } from '../aws-clients.ts';
import type { StackEndpoints } from '../endpoints.ts';
import { createBuckets, createTables } from './create-resources.ts';
import { applyEnvironment, localEnvironment } from './environment.ts';
import { type BucketResource, findBuckets, findTables, type TableResource } from './find-resources.ts';
import type { RunningStack } from './running-stack.ts';
import type { Service } from './serverless-types.ts';
import type { LocalStackSettings } from './settings.ts';

interface Options {
  readonly running: RunningStack;
  readonly settings: LocalStackSettings;
  /** Of the command line, which has precedence over `custom.serverless-offline`. */
  readonly cliOptions: Readonly<Record<string, unknown>>;
  readonly onNotice: (line: string) => void;
}

/** Creates the buckets and tables of the service, and makes its functions use the running servers. */
export async function prepareService(service: Service, options: Options): Promise<StackEndpoints> {
  const { running, settings, cliOptions, onNotice } = options;
  const s3 = { ...running.endpoints.s3, region: service.provider.region };
  const { lambdaPort, httpPort } = configureOffline(service, cliOptions, running.ports);
  const endpoints = { ...running.endpoints, s3, lambda: { endpoint: `http://127.0.0.1:${lambdaPort}` } };
  const buckets = findBuckets(service, settings.resources);
  const tables = findTables(service, settings.resources);
  await createResources(buckets, tables, endpoints, running.s3.keepsVersions);
  const environment = localEnvironment(endpoints, settings.environment, [...buckets, ...tables]);
  for (const name of applyEnvironment(service, environment)) {
    onNotice(`${name} refers to a resource that exists only on AWS: the function gets no usable value.`);
  }
  return {
    ...endpoints,
    s3: { ...s3, bucket: settings.bucket ?? buckets[0]?.name ?? '' },
    dynamodb: { ...endpoints.dynamodb, offsetTable: offsetTableName(tables, settings.offsetTable) },
    dashboardUrl: settings.dashboard === undefined ? null : `http://127.0.0.1:${httpPort}`,
    metricsUrl: `http://127.0.0.1:${running.ports.metrics}/metrics`,
  };
}

/** Sets the address and ports of serverless-offline. */
function configureOffline(
  service: Service,
  cliOptions: Readonly<Record<string, unknown>>,
  ports: RunningStack['ports'],
): { lambdaPort: number; httpPort: number } {
  const offline = service.custom?.['serverless-offline'] as Record<string, unknown> | undefined;
  const lambdaPort = Number(cliOptions['lambdaPort'] ?? offline?.['lambdaPort'] ?? ports.lambda);
  const httpPort = Number(cliOptions['httpPort'] ?? offline?.['httpPort'] ?? ports.http);
  service.custom = {
    ...service.custom,
    'serverless-offline': { ...offline, host: '127.0.0.1', lambdaPort, httpPort, noPrependStageInUrl: true },
  };
  return { lambdaPort, httpPort };
}

function offsetTableName(tables: readonly TableResource[], logicalId: string | undefined): string {
  if (logicalId === undefined) return tables[0]?.name ?? '';
  const table = tables.find((candidate) => candidate.logicalId === logicalId);
  if (table !== undefined) return table.name;
  throw new Error(`custom.localStack.offsetTable: expected the logical id of a table, but found "${logicalId}".`);
}

async function createResources(
  buckets: readonly BucketResource[],
  tables: readonly TableResource[],
  endpoints: StackEndpoints,
  keepsVersions: boolean,
): Promise<void> {
  const s3 = createS3Client(endpoints.s3);
  const dynamoDb = createDynamoDbClient(endpoints);
  try {
    await Promise.all([createBuckets(buckets, s3, keepsVersions), createTables(tables, dynamoDb)]);
  } finally {
    s3.destroy();
    dynamoDb.destroy();
  }
}
