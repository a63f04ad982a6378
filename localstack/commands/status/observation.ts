import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { type _Object, paginateListObjectsV2 } from '@aws-sdk/client-s3';
import { createDynamoDbClient, createS3Client, ONE_QUICK_ATTEMPT } from '../../stack/aws-clients.ts';
import type { StackEndpoints } from '../../stack/endpoints.ts';
import { PollerState, type State } from '../poller-state.ts';
import { type ReportedCondition, readConditions } from './conditions.ts';
import {
  type ListedFile,
  readSource,
  readTarget,
  readUnknownFiles,
  type SourceStatus,
  type TargetStatus,
} from './database-status.ts';
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
  readonly s3: PromiseSettledResult<readonly ListedFile[]>;
  readonly lambda: PromiseSettledResult<unknown>;
  /** Keys of files in the bucket that the target does not know; see `readUnknownFiles`. */
  readonly unknownFiles: PromiseSettledResult<readonly string[]>;
}

/** The parts that each stand for a server. */
export type ObservedPart = Exclude<keyof Observation, 'unknownFiles'>;

/** A server that accepts a connection and does not answer must not hold up the rest. */
const TIMEOUT_MS = 4_000;

/** Smaller: files whose events are just on their way are shown. Larger: a file that waits is shown later. */
const FILE_START_SECONDS = 8;

/** Pages of 1,000 keys. */
const MAX_PAGES = 5;

export async function observe(endpoints: StackEndpoints): Promise<Observation> {
  const client = createDynamoDbClient(endpoints, ONE_QUICK_ATTEMPT);
  try {
    const dynamodb = readDynamoDb(client, endpoints.dynamodb.offsetTable);
    const since = dynamodb.then(
      ({ poller }) => poller.progress?.since,
      () => undefined,
    );
    const files = inTime(listFiles(endpoints.s3));
    const [source, target, kafka, table, s3, lambda, unknownFiles] = await Promise.allSettled([
      since.then((snapshot) => inTime(readSource(endpoints.sourceDatabaseUrl, snapshot))),
      inTime(readTarget(endpoints.targetDatabaseUrl)),
      inTime(readKafkaStatus(endpoints.kafka.brokers)),
      dynamodb,
      files,
      fetch(endpoints.lambda.endpoint, { signal: AbortSignal.timeout(TIMEOUT_MS) }),
      files.then((listed) => inTime(readUnknownFiles(endpoints.targetDatabaseUrl, endpoints.s3.bucket, listed))),
    ]);
    return { source, target, kafka, dynamodb: table, s3, lambda, unknownFiles };
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

/** The `.csv` files of the first `MAX_PAGES` pages that are in the bucket for long enough to have begun. */
async function listFiles(s3: StackEndpoints['s3']): Promise<ListedFile[]> {
  const client = createS3Client(s3, ONE_QUICK_ATTEMPT);
  try {
    const files: ListedFile[] = [];
    let pageCount = 0;
    for await (const { Contents: objects = [] } of paginateListObjectsV2({ client }, { Bucket: s3.bucket })) {
      files.push(...objects.map(toListedFile));
      pageCount += 1;
      if (pageCount === MAX_PAGES) break;
    }
    return files.filter(({ key, ageSeconds }) => key.endsWith('.csv') && ageSeconds > FILE_START_SECONDS);
  } finally {
    client.destroy();
  }
}

function toListedFile({ Key: key = '', ETag: eTag = '', LastModified: at = new Date() }: _Object): ListedFile {
  return { key, eTag: eTag.replaceAll('"', ''), ageSeconds: (Date.now() - at.getTime()) / 1_000 };
}

function inTime<Result>(work: Promise<Result>): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new DOMException('timeout', 'TimeoutError')), TIMEOUT_MS);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}
