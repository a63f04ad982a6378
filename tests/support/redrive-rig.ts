import { fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { Admin } from '@platformatic/kafka';
import { Kafka, logLevel } from 'kafkajs';
import type { KafkaSettings } from '../../functions/adapters/kafka/kafka-client.ts';
import { KafkaDeadLetterQueue } from '../../functions/adapters/kafka/kafka-dead-letter-queue.ts';
import { KafkaRecordPublisher } from '../../functions/adapters/kafka/kafka-record-publisher.ts';
import { KafkaRecordReader } from '../../functions/adapters/kafka/kafka-record-reader.ts';
import { KafkaTopicInspector } from '../../functions/adapters/kafka/kafka-topic-inspector.ts';
import type { Database } from '../../functions/adapters/postgres/database.ts';
import { PostgresDeadLetterLedger } from '../../functions/adapters/postgres/postgres-dead-letter-ledger.ts';
import { PostgresIngestionLedger } from '../../functions/adapters/postgres/postgres-ingestion-ledger.ts';
import { PostgresSalaryTables } from '../../functions/adapters/postgres/postgres-salary-tables.ts';
import { type ApplierConnections, openApplier } from '../../functions/apply-changes/wiring.ts';
import type { KafkaRecord, OutgoingRecord } from '../../functions/core/kafka-record.ts';
import { DeadLetterIndexer } from '../../functions/index-dead-letters/dead-letter-indexer.ts';
import { SalaryLoader } from '../../functions/load-salaries/salary-loader.ts';
import type { Clock } from '../../functions/ports/clock.ts';
import { openRedrive, type RedriveConnections, type RedriveSettings } from '../../functions/redrive/wiring.ts';
import { restoreChanges, restoreDeadLetters } from '../../functions/runtime/kafka-event.ts';
import { createTickRecorder } from '../../functions/runtime/tick-recorder.ts';
import { InMemoryBucket } from './in-memory-bucket.ts';
import { InMemoryFunctionInvoker } from './in-memory-function-invoker.ts';
import { InMemoryObjectStore } from './in-memory-object-store.ts';
import { databaseUserOf } from './database-user.ts';
import { RecordingLogger } from './recording-logger.ts';
import type { RedriveTask } from './redrive-process.ts';
import { createSalaryDatabase } from './salary-database.ts';
import { endpoints, makeTopic, uniqueName } from './servers.ts';

const PARTITIONS = 3;

/** A clock on which waiting takes no time. */
export function impatientClock(): Clock {
  let sleptMs = 0;
  return {
    monotonicMs: () => performance.now() + sleptMs,
    sleep: async (ms) => {
      sleptMs += ms;
    },
  };
}

/**
 * Both pipelines behind their topics on real servers, which the test moves step by step: what consumers would receive by
 * themselves is received when the test calls `consume`.
 */
export class RedriveRig {
  readonly bucket = new InMemoryBucket(uniqueName('bucket'));
  readonly store = new InMemoryObjectStore(this.bucket);
  readonly transformCsv = new InMemoryFunctionInvoker();
  readonly redriveInvocations = new InMemoryFunctionInvoker();
  readonly database: Database;
  readonly url: string;
  readonly publisher: KafkaRecordPublisher;
  readonly files: PostgresIngestionLedger;
  readonly rejectedRows: KafkaDeadLetterQueue;
  readonly #kafka: KafkaSettings = { brokers: endpoints().kafka.brokers, auth: 'none', clientId: 'redrive-rig' };
  readonly #reader = new KafkaRecordReader(this.#kafka);
  readonly #inspector = new KafkaTopicInspector(this.#kafka);
  readonly #groups = new Admin({ clientId: 'redrive-rig', bootstrapBrokers: [...this.#kafka.brokers] });
  readonly #settings: RedriveSettings;
  readonly #applier: ApplierConnections;
  readonly #loader: SalaryLoader;
  readonly #indexer: DeadLetterIndexer;
  readonly #opened: RedriveConnections[] = [];

  private constructor(
    target: { database: Database; url: string },
    applier: ApplierConnections,
    settings: RedriveSettings,
  ) {
    ({ database: this.database, url: this.url } = target);
    this.publisher = new KafkaRecordPublisher(this.#kafka);
    this.files = new PostgresIngestionLedger(target.database);
    this.#applier = applier;
    this.#settings = {
      ...settings,
      store: this.store,
      transformCsv: this.transformCsv,
      redrive: this.redriveInvocations,
    };
    this.rejectedRows = new KafkaDeadLetterQueue(this.publisher, `${settings.salaries.topic}.dead-letter`);
    const deadLetters = new KafkaDeadLetterQueue(
      this.publisher,
      `${settings.salaries.topic}.dead-letter`,
      'load-salaries',
    );
    this.#loader = new SalaryLoader(
      new PostgresSalaryTables(target.database),
      deadLetters,
      createTickRecorder('load-salaries'),
    );
    this.#indexer = new DeadLetterIndexer(new PostgresDeadLetterLedger(target.database));
  }

  static async open(): Promise<RedriveRig> {
    const { brokers } = endpoints().kafka;
    const kafka: KafkaSettings = { brokers, auth: 'none', clientId: 'redrive-rig' };
    const name = uniqueName('redrive');
    const consumed = (topic: string) => ({ topic, group: `${topic}-group`, deadLetterGroup: `${topic}-index` });
    const [changes, salaries] = [consumed(`${name}-changes`), consumed(`${name}-salaries`)];
    const admin = new Kafka({ clientId: name, brokers: [...brokers], logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    for (const { topic } of [changes, salaries]) {
      await makeTopic(admin, topic, PARTITIONS);
      await makeTopic(admin, `${topic}.dead-letter`, PARTITIONS);
    }
    await admin.disconnect();
    const target = await createSalaryDatabase();
    const targetDatabaseOf = (functionName: string) => {
      return { url: target.url, user: databaseUserOf(functionName), applicationName: 'redrive-rig' };
    };
    const targetDatabase = targetDatabaseOf('redrive');
    const applier = await openApplier({
      ...{
        kafka,
        targetDatabase: targetDatabaseOf('apply-changes'),
        deadLetterTopic: `${changes.topic}.dead-letter`,
        group: changes.group,
        rules: [],
      },
    });
    const unused = new InMemoryFunctionInvoker();
    return new RedriveRig(target, applier, {
      ...{ changes, salaries, kafka, targetDatabase, transformCsv: unused, redrive: unused, marginMs: 0 },
      ...{ store: new InMemoryObjectStore(), clock: impatientClock(), logger: new RecordingLogger() },
      filter: { departments: new Set(['EMS']), hiredSince: '2010-01-01' },
    });
  }

  get changesTopic(): string {
    return this.#settings.changes.topic;
  }

  get salariesTopic(): string {
    return this.#settings.salaries.topic;
  }

  /** The function, as one of its instances has it. */
  async redrive(): Promise<RedriveConnections> {
    const connections = await openRedrive(this.#settings);
    this.#opened.push(connections);
    return connections;
  }

  /** The function in a process of its own. Resolves with its exit code, or with the signal that has ended it. */
  async runProcess(task: Omit<RedriveTask, 'settings'>): Promise<number | NodeJS.Signals | null> {
    const { changes, salaries, kafka, targetDatabase } = this.#settings;
    const argument = JSON.stringify({ ...task, settings: { changes, salaries, kafka, targetDatabase } });
    const child = fork(join(__dirname, 'redrive-process.ts'), [argument], {
      stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
    });
    const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
    return signal ?? code;
  }

  async publishChanges(records: readonly KafkaRecord[]): Promise<void> {
    const outgoing = records.map(({ key, value }): OutgoingRecord => ({ key, value }));
    await this.publisher.publish(this.changesTopic, outgoing);
  }

  /** Everything on the topics is applied, loaded and indexed, as far as the groups have not passed it. */
  async consume(): Promise<void> {
    const { changes, salaries } = this.#settings;
    await this.#consume(changes.topic, changes.group, (records) =>
      this.#applier.applier.apply(restoreChanges(records)),
    );
    await this.#consume(salaries.topic, salaries.group, (records) => this.#loader.load(restoreDeadLetters(records)));
    for (const { topic, deadLetterGroup } of [changes, salaries]) {
      await this.#consume(`${topic}.dead-letter`, deadLetterGroup, (records) => this.#indexer.index(records));
    }
  }

  /** What a topic has, in the order of its partitions. */
  async recordsOf(topic: string): Promise<readonly KafkaRecord[]> {
    const { partitions } = await this.#inspector.describe(topic);
    const read = partitions.map(({ endOffset }, partition) => this.#read(topic, partition, 0n, endOffset));
    return (await Promise.all(read)).flat();
  }

  async #consume(topic: string, groupId: string, handle: (records: readonly KafkaRecord[]) => Promise<unknown>) {
    const { partitions } = await this.#inspector.describe(topic);
    const committed = await this.#inspector.committedOffsets(groupId, topic);
    for (const [partition, { endOffset }] of partitions.entries()) {
      const from = committed[partition] ?? 0n;
      if (from >= endOffset) continue;
      await handle(await this.#read(topic, partition, from, endOffset));
      const partitionOffsets = [{ partition, offset: endOffset }];
      await this.#groups.alterConsumerGroupOffsets({ groupId, topics: [{ name: topic, partitionOffsets }] });
    }
  }

  #read(topic: string, partition: number, from: bigint, until: bigint): Promise<readonly KafkaRecord[]> {
    const offsets = Array.from({ length: Number(until - from) }, (_, index) => from + BigInt(index));
    return this.#reader.read(topic, partition, offsets);
  }

  async query<Row extends Record<string, unknown>>(text: string, values: readonly unknown[] = []): Promise<Row[]> {
    return (await this.database.query<Row>(text, values)).rows;
  }

  async close(): Promise<void> {
    const opened = this.#opened.map((connections) => connections.close());
    await Promise.all([...opened, this.#applier.close(), this.publisher.disconnect(), this.#groups.close()]);
    await Promise.all([this.#reader.disconnect(), this.#inspector.disconnect(), this.database.close()]);
  }
}
