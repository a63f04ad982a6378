import { DynamoConditionReader } from '../../../functions/adapters/dynamodb/dynamo-condition-reader.ts';
import { Database } from '../../../functions/adapters/postgres/database.ts';
import { PostgresCaptureBacklog } from '../../../functions/adapters/postgres/postgres-capture-backlog.ts';
import { summarizeAgreement } from '../../../functions/core/agreement.ts';
import type {
  ObservedClock,
  ObservedCondition,
  ObservedDeadLetters,
  UnreachableServer,
} from '../../../functions/core/observation.ts';
import { createDynamoDbClient, ONE_QUICK_ATTEMPT } from '../../stack/aws-clients.ts';
import type { StackEndpoints } from '../../stack/endpoints.ts';
import { PollerState, type State } from '../poller-state.ts';
import { BucketFiles } from './bucket-files.ts';
import { type KafkaStatus, readKafkaStatus } from './kafka-status.ts';
import { readClocks } from './server-clocks.ts';
import type { StackStatus } from './stack-status.ts';
import { readStandstills } from './standstills.ts';
import { readTarget, readUnstartedFiles, type TargetStatus } from './target-status.ts';
import { unreachableReason, unreachableRemedy } from './unreachable-server.ts';

/** A server that accepts a connection and does not answer must not hold up the rest. */
const TIMEOUT_MS = 4_000;

/** Of the target, so that its tables are read side by side. */
const CONNECTIONS = 3;

const SERVERS = {
  source: { name: 'PostgreSQL (source)', log: 'sourceDatabase.log' },
  target: { name: 'PostgreSQL (target)', log: 'targetDatabase.log' },
  kafka: { name: 'Kafka', log: 'kafka.log' },
  dynamodb: { name: 'DynamoDB', log: 'dynamodb.log' },
  s3: { name: 'the S3 server', log: 's3.log' },
  lambda: { name: 'the endpoint of the functions', log: 'functions.log' },
} as const;

type Results = { readonly [Name in keyof typeof SERVERS]: PromiseSettledResult<unknown> };

/** Observes a running stack, any number of times. */
export class StackObserver {
  readonly #endpoints: StackEndpoints;
  readonly #logDirectory: string;
  readonly #files: BucketFiles;
  readonly #source: Database;
  readonly #target: Database;

  private constructor(endpoints: StackEndpoints, logDirectory: string, source: Database, target: Database) {
    this.#endpoints = endpoints;
    this.#logDirectory = logDirectory;
    this.#files = new BucketFiles(endpoints.s3);
    this.#source = source;
    this.#target = target;
  }

  /** Connects when it observes. */
  static async open(endpoints: StackEndpoints, logDirectory: string): Promise<StackObserver> {
    const applicationName = 'status';
    const [source, target] = await Promise.all([
      Database.open({ url: endpoints.sourceDatabaseUrl, applicationName }),
      Database.open({ url: endpoints.targetDatabaseUrl, applicationName, maxConnections: CONNECTIONS }),
    ]);
    return new StackObserver(endpoints, logDirectory, source, target);
  }

  async observe(): Promise<StackStatus> {
    const { kafka: cluster, lambda: functions, s3: store, metricsUrl } = this.#endpoints;
    const clocks = this.#readClocks();
    const offsetTable = inTime(this.#readOffsetTable());
    const since = offsetTable.then(
      ({ poller }) => poller.progress?.since ?? null,
      () => null,
    );
    const files = inTime(this.#files.list());
    const [source, target, kafka, dynamodb, s3, lambda, unstartedFiles, standstills] = await Promise.allSettled([
      since.then((snapshot) => inTime(new PostgresCaptureBacklog(this.#source).read(snapshot))),
      inTime(readTarget(this.#target)),
      inTime(readKafkaStatus(cluster.brokers)),
      offsetTable,
      files,
      fetch(functions.endpoint, { signal: AbortSignal.timeout(TIMEOUT_MS) }),
      files.then((listed) => inTime(readUnstartedFiles(this.#target, store.bucket, listed))),
      readStandstills(metricsUrl, AbortSignal.timeout(TIMEOUT_MS)),
    ]);
    const table = valueOrNull(dynamodb);
    return {
      observation: {
        at: new Date(),
        unreachable: this.#unreachable({ source, target, kafka, dynamodb, s3, lambda }),
        conditions: table?.conditions ?? null,
        poller: table && { heartbeat: table.poller.heartbeat, progress: JSON.stringify(table.poller.progress ?? null) },
        backlog: valueOrNull(source)?.changes ?? null,
        unstartedFiles: valueOrNull(unstartedFiles),
        standstills: valueOrNull(standstills),
        clocks: await clocks,
        ...kafkaPart(valueOrNull(kafka)),
        ...targetPart(valueOrNull(target)),
      },
      source: valueOrNull(source),
      target: valueOrNull(target),
      kafka: valueOrNull(kafka),
      poller: table?.poller ?? null,
    };
  }

  async #readClocks(): Promise<readonly ObservedClock[]> {
    const { lambda, s3, dynamodb } = this.#endpoints;
    const reading = readClocks(
      {
        http: {
          'the functions': lambda.endpoint,
          [SERVERS.s3.name]: s3.endpoint,
          [SERVERS.dynamodb.name]: dynamodb.endpoint,
        },
        databases: { [SERVERS.source.name]: this.#source, [SERVERS.target.name]: this.#target },
      },
      AbortSignal.timeout(TIMEOUT_MS),
    );
    return inTime(reading).catch(() => []);
  }

  async #readOffsetTable(): Promise<{ poller: State; conditions: readonly ObservedCondition[] }> {
    const client = createDynamoDbClient(this.#endpoints, ONE_QUICK_ATTEMPT);
    const { offsetTable } = this.#endpoints.dynamodb;
    try {
      const [poller, conditions] = await Promise.all([
        new PollerState(client, offsetTable).read(),
        new DynamoConditionReader(client, offsetTable).read(),
      ]);
      return { poller, conditions };
    } finally {
      client.destroy();
    }
  }

  #unreachable(results: Results): UnreachableServer[] {
    return (Object.keys(SERVERS) as (keyof typeof SERVERS)[]).flatMap((key) => {
      const result = results[key];
      if (result.status === 'fulfilled') return [];
      const { name, log } = SERVERS[key];
      const { reason } = result;
      const remedy = unreachableRemedy(reason, `${this.#logDirectory}/${log}`);
      return [{ name, reason: unreachableReason(reason), remedy, since: null }];
    });
  }
}

function kafkaPart(kafka: KafkaStatus | null) {
  return { topics: kafka?.topics ?? null, groups: kafka?.groups ?? null };
}

function targetPart(target: TargetStatus | null) {
  if (target === null) return { standingFiles: null, deadLetters: null, replica: null, salaries: null };
  const { standingFiles, deadLetterCodes, agreement } = target;
  const { oldestCheckedAt, salaries } = agreement;
  return {
    standingFiles,
    deadLetters: waitingOf(deadLetterCodes),
    replica: { ...summarizeAgreement(agreement), oldestCheckedAt },
    salaries,
  };
}

/** Without those that a redrive has taken. */
function waitingOf(codes: TargetStatus['deadLetterCodes']): ObservedDeadLetters {
  const waiting = codes.filter(({ open, parked }) => open + parked > 0);
  const times = waiting.map(({ firstAt }) => firstAt.getTime());
  return {
    open: waiting.reduce((sum, { open }) => sum + open, 0),
    parked: waiting.reduce((sum, { parked }) => sum + parked, 0),
    oldestAt: times.length === 0 ? null : new Date(Math.min(...times)),
  };
}

function valueOrNull<Value>(result: PromiseSettledResult<Value>): Value | null {
  return result.status === 'fulfilled' ? result.value : null;
}

function inTime<Result>(work: Promise<Result>): Promise<Result> {
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => reject(new DOMException('timeout', 'TimeoutError')), TIMEOUT_MS);
  return Promise.race([work, promise]).finally(() => clearTimeout(timer));
}
