import type { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { Observation, ObservedCondition, UnreachableServer } from '../../../functions/core/observation.ts';
import { createDynamoDbClient, ONE_QUICK_ATTEMPT } from '../../stack/aws-clients.ts';
import type { StackEndpoints } from '../../stack/endpoints.ts';
import { PollerState, type State } from '../poller-state.ts';
import { BucketFiles, type ListedFile } from './bucket-files.ts';
import { readConditions } from './conditions.ts';
import { readSource, readTarget, readUnknownFiles, type TargetStatus } from './database-status.ts';
import { type KafkaStatus, readKafkaStatus } from './kafka-status.ts';

/** The state of the pipelines at one moment. What its server did not deliver is `null`. */
export interface StackStatus {
  readonly observation: Observation;
  readonly target: TargetStatus | null;
  readonly kafka: KafkaStatus | null;
}

/** A server that accepts a connection and does not answer must not hold up the rest. */
const TIMEOUT_MS = 4_000;

const SERVERS = {
  source: { name: 'PostgreSQL (source)', log: 'sourceDatabase.log' },
  target: { name: 'PostgreSQL (target)', log: 'targetDatabase.log' },
  kafka: { name: 'Kafka', log: 'kafka.log' },
  dynamodb: { name: 'DynamoDB', log: 'dynamodb.log' },
  s3: { name: 'the S3 server', log: 's3.log' },
  lambda: { name: 'the endpoint of the functions', log: null },
} as const;

type Results = { readonly [Name in keyof typeof SERVERS]: PromiseSettledResult<unknown> };

/** Observes a running stack, any number of times. */
export class StackObserver {
  readonly #endpoints: StackEndpoints;
  readonly #logDirectory: string;
  readonly #files: BucketFiles;

  constructor(endpoints: StackEndpoints, logDirectory: string) {
    this.#endpoints = endpoints;
    this.#logDirectory = logDirectory;
    this.#files = new BucketFiles(endpoints.s3);
  }

  async observe(): Promise<StackStatus> {
    const {
      sourceDatabaseUrl,
      targetDatabaseUrl,
      kafka: { brokers },
      lambda: { endpoint },
      s3: { bucket },
    } = this.#endpoints;
    const offsetTable = inTime(this.#readOffsetTable());
    const since = offsetTable.then(
      ({ poller }) => poller.progress?.since,
      () => undefined,
    );
    const files = inTime(this.#files.list());
    const [source, target, kafka, dynamodb, s3, lambda, unstarted] = await Promise.allSettled([
      since.then((snapshot) => inTime(readSource(sourceDatabaseUrl, snapshot))),
      inTime(readTarget(targetDatabaseUrl)),
      inTime(readKafkaStatus(brokers)),
      offsetTable,
      files,
      fetch(endpoint, { signal: AbortSignal.timeout(TIMEOUT_MS) }),
      files.then((listed: readonly ListedFile[]) => inTime(readUnknownFiles(targetDatabaseUrl, bucket, listed))),
    ]);
    const table = valueOrNull(dynamodb);
    return {
      observation: {
        at: new Date(),
        unreachable: this.#unreachable({ source, target, kafka, dynamodb, s3, lambda }),
        topics: valueOrNull(kafka)?.topics ?? null,
        conditions: table?.conditions ?? null,
        poller: table && { heartbeat: table.poller.heartbeat, progress: JSON.stringify(table.poller.progress ?? null) },
        backlog: valueOrNull(source)?.backlog ?? null,
        groups: valueOrNull(kafka)?.groups ?? null,
        standingFiles: valueOrNull(target)?.standingFiles ?? null,
        unstartedFiles: valueOrNull(unstarted),
        standstills: null,
        deadLetters: null,
        replica: null,
        salaries: null,
      },
      target: valueOrNull(target),
      kafka: valueOrNull(kafka),
    };
  }

  async #readOffsetTable(): Promise<{ poller: State; conditions: readonly ObservedCondition[] }> {
    const client = createDynamoDbClient(this.#endpoints, ONE_QUICK_ATTEMPT);
    try {
      return await readPollerAndConditions(client, this.#endpoints.dynamodb.offsetTable);
    } finally {
      client.destroy();
    }
  }

  #unreachable(results: Results): UnreachableServer[] {
    return (Object.keys(SERVERS) as (keyof typeof SERVERS)[]).flatMap((key) => {
      const result = results[key];
      if (result.status === 'fulfilled') return [];
      const { name, log } = SERVERS[key];
      const where = log === null ? 'the output of npm start' : `${this.#logDirectory}/${log}`;
      const remedy = `The stack restarts a crashed server within seconds: run npm run status again, then look at ${where}`;
      return [{ name, reason: reasonText(result.reason), remedy, since: null }];
    });
  }
}

async function readPollerAndConditions(client: DynamoDBClient, table: string) {
  const [poller, conditions] = await Promise.all([
    new PollerState(client, table).read(),
    readConditions(client, table),
  ]);
  return { poller, conditions };
}

function valueOrNull<Value>(result: PromiseSettledResult<Value>): Value | null {
  return result.status === 'fulfilled' ? result.value : null;
}

function reasonText(reason: unknown): string {
  if (reason instanceof AggregateError && reason.message === '') return reason.errors.map(reasonText).join('; ');
  if (!(reason instanceof Error)) return String(reason);
  return reason.name === 'TimeoutError' ? 'it did not answer in time' : reason.message || reason.name;
}

function inTime<Result>(work: Promise<Result>): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new DOMException('timeout', 'TimeoutError')), TIMEOUT_MS);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}
