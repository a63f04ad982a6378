import { join } from 'node:path';
import {
  CreateTableCommand,
  DeleteItemCommand,
  type DynamoDBClient,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import pg from 'pg';
import { DynamoPollerLedger } from '../../../functions/adapters/dynamodb/dynamo-poller-ledger.ts';
import { KafkaTopicAdmin } from '../../../functions/adapters/kafka/kafka-topic-admin.ts';
import { Database } from '../../../functions/adapters/postgres/database.ts';
import { PostgresSchemaMigrator } from '../../../functions/adapters/postgres/postgres-schema-migrator.ts';
import type { PollResult } from '../../../functions/poll-changes/change-poller.ts';
import { readMigrations } from '../../../functions/provision/migration-files.ts';
import { systemClock } from '../../../functions/runtime/system-clock.ts';
import { eventually } from '../eventually.ts';
import { createDatabase, endpoints, uniqueName } from '../servers.ts';
import { readTopic, type TopicRecord } from '../topic-records.ts';
import { type BatchHandler, TestEventSource } from './event-source.ts';
import type { CdcSettings } from './settings.ts';
import { createPatientDynamoClient, openPoller, openTestApplier } from './wiring.ts';

const SQL = join(__dirname, '../../../sql');
const QUIET = { debug: () => {}, info: () => {}, warn: () => {} };

/** The columns of a table as text, so that nothing is lost in comparing. */
const ALL_EMPLOYEES = `
  select emp_id, first_name, last_name, dob::text, city, salary from employees order by emp_id`;

/** Both databases, the topics and the offset table of one change pipeline, and its functions run in this process. */
export class CdcPipeline {
  readonly settings: CdcSettings;
  readonly partitions: number;
  readonly source: pg.Pool;
  readonly target: pg.Pool;
  readonly #stops: (() => Promise<unknown>)[] = [];
  readonly #dynamodb: DynamoDBClient;

  private constructor(
    settings: CdcSettings,
    partitions: number,
    pools?: { readonly source: pg.Pool; readonly target: pg.Pool },
  ) {
    this.settings = settings;
    this.partitions = partitions;
    this.#dynamodb = createPatientDynamoClient(settings.dynamodbEndpoint);
    const options = '-c TimeZone=UTC -c DateStyle=ISO,YMD -c search_path=public';
    this.source = pools?.source ?? new pg.Pool({ connectionString: settings.sourceUrl, max: 12, options });
    this.target = pools?.target ?? new pg.Pool({ connectionString: settings.targetUrl, max: 4, options });
    // A server that goes away on purpose ends idle connections.
    for (const pool of [this.source, this.target]) pool.on('error', () => {});
  }

  static async create(
    overrides: Partial<CdcSettings> & { readonly partitions?: number; readonly migrateSource?: boolean } = {},
  ): Promise<CdcPipeline> {
    const { partitions = 3, migrateSource = true, ...rest } = overrides;
    const { kafka, dynamodb } = endpoints();
    const brokers = rest.brokers ?? kafka.brokers;
    const [sourceUrl, targetUrl, topic, deadLetterTopic, offsetTable] = await Promise.all([
      rest.sourceUrl ?? createDatabase('source'),
      rest.targetUrl ?? createDatabase('target'),
      newTopic(brokers, 'changes', partitions),
      newTopic(brokers, 'changes-dead-letter', 1),
      createOffsetTable(dynamodb.endpoint),
    ]);
    await Promise.all([
      migrateSource ? applyMigrations(sourceUrl, 'source') : null,
      applyMigrations(targetUrl, 'target'),
    ]);
    const settings: CdcSettings = {
      brokers,
      dynamodbEndpoint: dynamodb.endpoint,
      rules: 'noNegativeEmpId',
      leaseMs: 3_000,
      // Far below the shortest lease of the tests, 1 s.
      heartbeatMs: 200,
      ...rest,
      sourceUrl,
      targetUrl,
      topic,
      deadLetterTopic,
      offsetTable,
    };
    return new CdcPipeline(settings, partitions);
  }

  /** The same pipeline, its functions with other settings; with the pools of this one, only the result is to be closed. */
  with(settings: Partial<CdcSettings>, pools: 'same pools' | 'new pools' = 'same pools'): CdcPipeline {
    const own = { ...this.settings, ...settings };
    return new CdcPipeline(own, this.partitions, pools === 'same pools' ? this : undefined);
  }

  /** Runs a poller until it is stopped, or somebody relieves it. */
  async startPoller({
    lifeMs = 600_000,
    onRead,
  }: {
    readonly lifeMs?: number;
    readonly onRead?: () => void;
  } = {}): Promise<{
    readonly done: Promise<PollResult>;
    stop(): Promise<PollResult>;
  }> {
    // Ended early, the poller finds its time used up and releases the lease as it would at the end of its invocation.
    let skippedMs = 0;
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + skippedMs };
    const { poller, close } = await openPoller(this.settings, QUIET, { clock, ...(onRead && { onRead }) });
    const done = poller.run(systemClock.monotonicMs() + lifeMs).finally(close);
    done.catch(() => {});
    const stop = () => {
      skippedMs = lifeMs;
      return done;
    };
    this.#stops.push(() => stop().catch(() => {}));
    return { done, stop };
  }

  /** Applies what is on the topic, each partition beside the others, until it is stopped. */
  async startApplier(handle?: BatchHandler): Promise<{ stop(): Promise<void> }> {
    const wired: Awaited<ReturnType<typeof openTestApplier>>[] = [];
    if (handle === undefined) {
      wired.push(...(await Promise.all(Array.from({ length: this.partitions }, () => openTestApplier(this.settings)))));
    }
    const apply: BatchHandler =
      handle ??
      (async (records, partition) => {
        await wired[partition]?.applier.apply(records);
      });
    const eventSource = new TestEventSource(this.settings.brokers, this.settings.topic, this.partitions, apply);
    await eventSource.start();
    let stopped: Promise<void> | undefined;
    const stop = () => {
      stopped ??= eventSource.stop().then(async () => void (await Promise.all(wired.map((each) => each.close()))));
      return stopped;
    };
    this.#stops.push(stop);
    return { stop };
  }

  ledger(): DynamoPollerLedger {
    return new DynamoPollerLedger(this.#dynamodb, this.settings.offsetTable);
  }

  /** Waits until the snapshot is published, so that what is written from now on comes as changes. */
  async untilStreaming(): Promise<void> {
    const ledger = this.ledger();
    await eventually(async () => ((await ledger.read())?.position?.includes('"stream"') ? true : undefined), {
      what: 'the end of the snapshot',
    });
  }

  /** Puts another position in the place of the saved one. */
  async replacePosition(position: string): Promise<void> {
    await this.#dynamodb.send(
      new UpdateItemCommand({
        TableName: this.settings.offsetTable,
        Key: { id: { S: 'employee-changes' } },
        UpdateExpression: 'SET #position = :position',
        ExpressionAttributeNames: { '#position': 'position' },
        ExpressionAttributeValues: { ':position': { S: position } },
      }),
    );
  }

  async forgetPosition(): Promise<void> {
    await this.#dynamodb.send(
      new DeleteItemCommand({ TableName: this.settings.offsetTable, Key: { id: { S: 'employee-changes' } } }),
    );
  }

  async employees(pool: pg.Pool): Promise<unknown[]> {
    return (await pool.query({ text: ALL_EMPLOYEES, rowMode: 'array' })).rows;
  }

  /** Waits until the target holds what the source holds; after the time has passed, it compares so that it shows. */
  async untilConverged(allowed: (row: unknown[]) => boolean = () => true): Promise<void> {
    const sides = async () => [
      ((await this.employees(this.source)) as unknown[][]).filter(allowed),
      await this.employees(this.target),
    ];
    const same = async () => {
      const [wanted, held] = await sides();
      return JSON.stringify(wanted) === JSON.stringify(held) || undefined;
    };
    try {
      await eventually(same, { what: 'the target to hold what the source holds', everyMs: 20 });
    } catch {
      const [wanted, held] = await sides();
      expect(held).toEqual(wanted);
    }
  }

  /** All records of a topic up to now, by partition and offset. */
  readTopic(topic: string): Promise<TopicRecord[]> {
    return readTopic(this.settings.brokers, topic);
  }

  /** Those of different contents: a record may be published again, and a batch that comes again brings them again. */
  async deadLetters(): Promise<Record<string, unknown>[]> {
    const letters = (await this.readTopic(this.settings.deadLetterTopic)).map(
      ({ key, value }) => [key, JSON.parse(String(value)) as Record<string, unknown>] as const,
    );
    const contents = ([key, { payload, payloadBytes }]: (typeof letters)[number]) =>
      JSON.stringify([key, payload, payloadBytes]);
    return [...new Map(letters.map((letter) => [contents(letter), letter[1]])).values()];
  }

  /** Waits until there are as many dead letters, and returns all there are then. */
  async untilDeadLetters(count: number): Promise<Record<string, unknown>[]> {
    return eventually(
      async () => {
        const letters = await this.deadLetters();
        return letters.length >= count ? letters : undefined;
      },
      { what: `${count} dead letters` },
    );
  }

  /** Stops whatever still runs. */
  async close(): Promise<void> {
    await Promise.all(this.#stops.map((stop) => stop()));
    await Promise.all([this.source.end(), this.target.end()]);
    this.#dynamodb.destroy();
  }
}

export async function applyMigrations(url: string, which: 'source' | 'target'): Promise<void> {
  const database = await Database.open({ url, applicationName: 'test-migrations' });
  try {
    await new PostgresSchemaMigrator(database).migrate(await readMigrations(join(SQL, which)));
  } finally {
    await database.close();
  }
}

async function newTopic(brokers: readonly string[], prefix: string, partitions: number): Promise<string> {
  const topic = uniqueName(prefix);
  const admin = new KafkaTopicAdmin({ brokers, auth: 'none', clientId: 'test-topics' });
  await admin.createTopics([{ topic, partitions, config: {} }]);
  return topic;
}

export async function createOffsetTable(endpoint: string): Promise<string> {
  const client = createPatientDynamoClient(endpoint);
  const name = uniqueName('offsets');
  await client.send(
    new CreateTableCommand({
      TableName: name,
      BillingMode: 'PAY_PER_REQUEST',
      AttributeDefinitions: [{ AttributeName: 'id', AttributeType: 'S' }],
      KeySchema: [{ AttributeName: 'id', KeyType: 'HASH' }],
    }),
  );
  client.destroy();
  return name;
}
