import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { createDynamoDbClient, createS3Client, ONE_QUICK_ATTEMPT } from '../../stack/aws-clients.ts';
import type { StackEndpoints } from '../../stack/endpoints.ts';
import { PollerState, type State } from '../poller-state.ts';
import { type ReportedCondition, readConditions } from './conditions.ts';
import { readSource, readTarget, type SourceStatus, type TargetStatus } from './database-status.ts';
import { type KafkaStatus, readKafkaStatus } from './kafka-status.ts';

/** The state of the pipelines at one moment. A part is rejected when its server does not respond. */
export interface Observation {
  readonly source: PromiseSettledResult<SourceStatus>;
  readonly target: PromiseSettledResult<TargetStatus>;
  readonly kafka: PromiseSettledResult<KafkaStatus>;
  readonly dynamodb: PromiseSettledResult<{
    readonly poller: State;
    readonly conditions: readonly ReportedCondition[];
  }>;
  readonly s3: PromiseSettledResult<unknown>;
  readonly lambda: PromiseSettledResult<unknown>;
}

export type ObservedPart = keyof Observation;

/** A server that accepts a connection and does not answer must not hold up the rest. */
const TIMEOUT_MS = 4_000;

export async function observe(endpoints: StackEndpoints): Promise<Observation> {
  const client = createDynamoDbClient(endpoints, ONE_QUICK_ATTEMPT);
  try {
    const dynamodb = readDynamoDb(client, endpoints.dynamodb.offsetTable);
    const since = dynamodb.then(
      ({ poller }) => poller.progress?.since,
      () => undefined,
    );
    const [source, target, kafka, table, s3, lambda] = await Promise.allSettled([
      since.then((snapshot) => inTime(readSource(endpoints.sourceDatabaseUrl, snapshot))),
      inTime(readTarget(endpoints.targetDatabaseUrl)),
      inTime(readKafkaStatus(endpoints.kafka.brokers)),
      dynamodb,
      probeBucket(endpoints.s3),
      fetch(endpoints.lambda.endpoint, { signal: AbortSignal.timeout(TIMEOUT_MS) }),
    ]);
    return { source, target, kafka, dynamodb: table, s3, lambda };
  } finally {
    client.destroy();
  }
}

async function readDynamoDb(client: DynamoDBClient, table: string) {
  const [poller, conditions] = await Promise.all([
    new PollerState(client, table).read(),
    readConditions(client, table),
  ]);
  return { poller, conditions };
}

async function probeBucket(s3: StackEndpoints['s3']): Promise<void> {
  const client = createS3Client(s3, ONE_QUICK_ATTEMPT);
  try {
    await client.send(new HeadBucketCommand({ Bucket: s3.bucket }));
  } finally {
    client.destroy();
  }
}

function inTime<Result>(work: Promise<Result>): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new DOMException('timeout', 'TimeoutError')), TIMEOUT_MS);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}
