import { DeleteItemCommand, type DynamoDBClient, UpdateItemCommand } from '@aws-sdk/client-dynamodb';
import pg from 'pg';
import { DynamoConditionReader } from '../../../functions/adapters/dynamodb/dynamo-condition-reader.ts';
import { DynamoPollerLedger } from '../../../functions/adapters/dynamodb/dynamo-poller-ledger.ts';
import type { PollResult } from '../../../functions/poll-changes/change-poller.ts';
import type { CurrentCondition } from '../../../functions/ports/condition-reader.ts';
import { restoreDeadLetters } from '../../../functions/runtime/kafka-event.ts';
import { systemClock } from '../../../functions/runtime/system-clock.ts';
import { eventually } from '../eventually.ts';
import { migratedDatabase } from '../migrated-database.ts';
import { createDatabase, endpoints } from '../servers.ts';
import { readTopic, type TopicRecord } from '../topic-records.ts';
import { type BatchHandler, FakeEventSource } from './fake-event-source.ts';
import { createOffsetTable, createPipelineTopic } from './resources.ts';
import type { CdcSettings } from './settings.ts';
import { createPatientDynamoClient, openPoller, openTestApplier } from './wiring.ts';

const silentLogger = { debug: () => {}, info: () => {}, warn: () => {} };

/** With dates as text, so that the comparison loses nothing. */
const ALL_EMPLOYEES = `
  select emp_id, first_name, last_name, dob::text, city, salary from employees order by emp_id`;
/** Equal for equal employees. The tests ask many times for thousands of rows, so the servers compute it. */
const DIGEST = `select md5(string_agg(employee::text, ',' order by emp_id)) from (${ALL_EMPLOYEES}) employee`;

/** A pipeline on resources of the test's own, whose functions run in this process. */
export class CdcPipeline {
  readonly settings: CdcSettings;
  readonly partitionCount: number;
  readonly source: pg.Pool;
  readonly target: pg.Pool;
  readonly #stops: (() => Promise<unknown>)[] = [];
  readonly #dynamo: DynamoDBClient;

  private constructor(
    settings: CdcSettings,
    partitionCount: number,
    pools?: { readonly source: pg.Pool; readonly target: pg.Pool },
  ) {
    this.settings = settings;
    this.partitionCount = partitionCount;
    this.#dynamo = createPatientDynamoClient(settings.dynamodbEndpoint);
    const options = '-c TimeZone=UTC -c DateStyle=ISO,YMD -c search_path=public';
    this.source = pools?.source ?? new pg.Pool({ connectionString: settings.sourceUrl, max: 12, options });
    this.target = pools?.target ?? new pg.Pool({ connectionString: settings.targetUrl, max: 4, options });
    // Some tests stop a server, which breaks idle connections. Without a listener that would end the process.
    for (const pool of [this.source, this.target]) pool.on('error', () => {});
  }

  static async create(
    overrides: Partial<CdcSettings> & { readonly partitionCount?: number; readonly migrateSource?: boolean } = {},
  ): Promise<CdcPipeline> {
    const { partitionCount = 3, migrateSource = true, ...rest } = overrides;
    const { kafka, dynamodb } = endpoints();
    const brokers = rest.brokers ?? kafka.brokers;
    const [sourceUrl, targetUrl, topic, deadLetterTopic, offsetTable] = await Promise.all([
      migrateSource ? migratedDatabase('source', rest.sourceUrl) : (rest.sourceUrl ?? createDatabase('source')),
      migratedDatabase('target', rest.targetUrl),
      createPipelineTopic(brokers, 'changes', partitionCount),
      createPipelineTopic(brokers, 'changes-dead-letter', 1),
      createOffsetTable(dynamodb.endpoint),
    ]);
    const settings: CdcSettings = {
      brokers,
      dynamodbEndpoint: dynamodb.endpoint,
      rules: 'noNegativeEmpId',
      leaseMs: 3_000,
      // Far below the shortest lease of the tests, 1 s.
      heartbeatMs: 200,
      captureLookMs: 5_000,
      ...rest,
      sourceUrl,
      targetUrl,
      topic,
      deadLetterTopic,
      offsetTable,
    };
    return new CdcPipeline(settings, partitionCount);
  }

  /** The same pipeline with other settings of its functions. Close both, or with the same pools only the result. */
  withSettings(settings: Partial<CdcSettings>, pools: 'same pools' | 'new pools' = 'same pools'): CdcPipeline {
    return new CdcPipeline(
      { ...this.settings, ...settings },
      this.partitionCount,
      pools === 'same pools' ? this : undefined,
    );
  }

  /** Runs a poller until it is stopped, or another one requests its lease. `onRead` runs before each read of changes. */
  async startPoller({ onRead }: { readonly onRead?: () => void } = {}): Promise<{
    readonly done: Promise<PollResult>;
    stop(): Promise<PollResult>;
  }> {
    const lifeMs = 600_000;
    // `stop` advances the poller's clock to the end of its invocation, so that it releases the lease as usual.
    let advancedMs = 0;
    const clock = { ...systemClock, monotonicMs: () => systemClock.monotonicMs() + advancedMs };
    const { poller, close } = await openPoller(this.settings, silentLogger, { clock, ...(onRead && { onRead }) });
    const done = poller.run(systemClock.monotonicMs() + lifeMs).finally(close);
    // A test that expects a failure awaits `done`. For the others, the failure must not end the process.
    done.catch(() => {});
    const stop = () => {
      advancedMs = lifeMs;
      return done;
    };
    this.#stops.push(() => stop().catch(() => {}));
    return { done, stop };
  }

  /**
   * Applies the records of the topic until it is stopped; each partition has an applier of its own.
   *
   * @param group continues where an earlier event source of this group has stopped; by default a new group.
   */
  async startApplier(group?: string): Promise<{ stop(): Promise<void> }> {
    // Retried, as the event source retries an invocation that could not connect in time.
    const open = () => eventually(() => openTestApplier(this.settings));
    const appliers = await Promise.all(Array.from({ length: this.partitionCount }, open));
    const eventSource = await this.startEventSource(async (records, partition) => {
      // Partitions that a test has added share the appliers.
      await appliers[partition % appliers.length]?.applier.apply(restoreDeadLetters(records));
    }, group);
    const stop = async () => {
      await eventSource.stop();
      await Promise.all(appliers.map(({ close }) => close()));
    };
    return this.#stoppable(stop);
  }

  /** Passes the records of the topic to `handle` until it is stopped. */
  async startEventSource(handle: BatchHandler, group?: string): Promise<{ stop(): Promise<void> }> {
    const { brokers, topic } = this.settings;
    const eventSource = new FakeEventSource(brokers, topic, this.partitionCount, handle, group);
    await eventSource.start();
    return this.#stoppable(() => eventSource.stop());
  }

  ledger(): DynamoPollerLedger {
    return new DynamoPollerLedger(this.#dynamo, this.settings.offsetTable);
  }

  /** Resolves when the snapshot is published. Everything written after that is published as changes. */
  async untilStreaming(): Promise<void> {
    const ledger = this.ledger();
    await eventually(async () => (await ledger.read())?.position?.includes('"stream"'), {
      what: 'the end of the snapshot',
    });
  }

  /** What the functions have reported and not cleared. */
  conditions(): Promise<readonly CurrentCondition[]> {
    return new DynamoConditionReader(this.#dynamo, this.settings.offsetTable).read();
  }

  async replacePosition(position: string): Promise<void> {
    await this.#dynamo.send(
      new UpdateItemCommand({
        TableName: this.settings.offsetTable,
        Key: { id: { S: 'employee-changes' } },
        UpdateExpression: 'SET #position = :position',
        ExpressionAttributeNames: { '#position': 'position' },
        ExpressionAttributeValues: { ':position': { S: position } },
      }),
    );
  }

  async deleteLedgerEntry(): Promise<void> {
    await this.#dynamo.send(
      new DeleteItemCommand({ TableName: this.settings.offsetTable, Key: { id: { S: 'employee-changes' } } }),
    );
  }

  async employees(pool: pg.Pool): Promise<unknown[][]> {
    return (await pool.query<unknown[]>({ text: ALL_EMPLOYEES, rowMode: 'array' })).rows;
  }

  /** Resolves when the target has exactly the employees of the source for which `isAllowed` is true. */
  async untilConverged(isAllowed?: (row: unknown[]) => boolean): Promise<void> {
    const readBoth = async () => {
      const [expected, actual] = [await this.employees(this.source), await this.employees(this.target)];
      return { expected: isAllowed === undefined ? expected : expected.filter(isAllowed), actual };
    };
    const digest = async (pool: pg.Pool) => JSON.stringify((await pool.query(DIGEST)).rows);
    try {
      // Compared as text: a failing `expect` would format the difference of thousands of rows each time.
      await eventually(
        async () => {
          if (isAllowed === undefined) return (await digest(this.source)) === (await digest(this.target));
          const { expected, actual } = await readBoth();
          return JSON.stringify(expected) === JSON.stringify(actual);
        },
        { what: 'the target to have the employees of the source', everyMs: 20 },
      );
    } catch {
      const { expected, actual } = await readBoth();
      expect(actual).toEqual(expected);
    }
  }

  /** The records that the topic has now, those of each partition in their order. */
  readTopic(topic: string): Promise<TopicRecord[]> {
    return readTopic(this.settings.brokers, topic);
  }

  /** One dead letter for each different record, because a retried batch repeats its dead letters. */
  async deadLetters(): Promise<Record<string, unknown>[]> {
    const records = await this.readTopic(this.settings.deadLetterTopic);
    const byContent = new Map<string, Record<string, unknown>>();
    for (const { key, value } of records) {
      const deadLetter = JSON.parse(String(value)) as Record<string, unknown>;
      byContent.set(JSON.stringify([key, deadLetter['payload'], deadLetter['payloadBytes']]), deadLetter);
    }
    return [...byContent.values()];
  }

  /** Resolves with all dead letters when there are at least `count`. */
  async untilDeadLetters(count: number): Promise<Record<string, unknown>[]> {
    return eventually(
      async () => {
        const deadLetters = await this.deadLetters();
        return deadLetters.length >= count && deadLetters;
      },
      { what: `${count} dead letters` },
    );
  }

  /** Stops everything that is still running. */
  async close(): Promise<void> {
    await Promise.all(this.#stops.map((stop) => stop()));
    await Promise.all([this.source.end(), this.target.end()]);
    this.#dynamo.destroy();
  }

  /** Stops once, however often `stop` is called, and at the latest in `close`. */
  #stoppable(stop: () => Promise<void>): { stop(): Promise<void> } {
    let stopped: Promise<void> | undefined;
    const stopOnce = () => {
      stopped ??= stop();
      return stopped;
    };
    this.#stops.push(stopOnce);
    return { stop: stopOnce };
  }
}
