import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Admin, Kafka, logLevel } from 'kafkajs';
import { ManagedProcess } from '../../localstack/stack/process/managed-process.ts';
import { PortChooser } from '../../localstack/stack/process/ports.ts';
import { runProgram } from '../../localstack/stack/process/run-program.ts';
import { pomFiles } from '../../localstack/stack/servers/pom-files.ts';
import { ClassArchive } from '../../localstack/stack/tools/class-archive.ts';
import { findJava, SMALL_JVM } from '../../localstack/stack/tools/java.ts';
import { resolveJars } from '../../localstack/stack/tools/maven-jars.ts';
import { eventually } from './eventually.ts';

const BROKER_IDS = [1, 2, 3] as const;
const CLUSTER_ID = 'KafkaClusterOfTests000';
/** After this time without a heartbeat a broker loses its leaderships. */
const SESSION_TIMEOUT_MS = 4_000;

interface Broker {
  readonly id: number;
  readonly port: number;
  readonly controllerPort: number;
  process?: ManagedProcess;
}

/** Three brokers, which are controllers too. Topics have three replicas, of which two must be in sync, as on MSK. */
export class KafkaCluster {
  readonly #directory: string;
  readonly #ports: PortChooser;
  readonly #brokers: readonly Broker[];
  readonly #java: string;
  /** Of all JVMs. */
  readonly #options: readonly string[];
  #admin: Admin | undefined;

  private constructor(
    directory: string,
    ports: PortChooser,
    brokers: readonly Broker[],
    java: string,
    options: readonly string[],
  ) {
    this.#directory = directory;
    this.#ports = ports;
    this.#brokers = brokers;
    this.#java = java;
    this.#options = options;
  }

  static async start(): Promise<KafkaCluster> {
    const context = { signal: new AbortController().signal, onNotice: () => {} };
    const [java, jars] = await Promise.all([findJava(context.signal), resolveJars('kafka', pomFiles.kafka, context)]);
    const ports = new PortChooser({ preferDefaults: false, onNotice: () => {} });
    const brokers: Broker[] = [];
    for (const id of BROKER_IDS) {
      brokers.push({ id, port: await ports.choose('kafka'), controllerPort: await ports.choose('kafkaController') });
    }
    const directory = await mkdtemp(join(tmpdir(), 'kafka-cluster-'));
    const { readOptions } = await ClassArchive.of(java, jars, directory);
    const cluster = new KafkaCluster(directory, ports, brokers, java, [...readOptions, '-cp', join(jars, '*')]);
    await Promise.all(brokers.map((broker) => cluster.#format(broker)));
    await Promise.all(BROKER_IDS.map((id) => cluster.startBroker(id)));
    await cluster.#connect();
    return cluster;
  }

  /** The addresses of all brokers, also of those that are down. */
  get addresses(): string[] {
    return this.#brokers.map(({ port }) => `127.0.0.1:${port}`);
  }

  async stop(): Promise<void> {
    await this.#admin?.disconnect();
    await Promise.all(this.#brokers.map(({ process }) => process?.stop()));
    this.#ports.release();
    await rm(this.#directory, { recursive: true, force: true });
  }

  async startBroker(id: number): Promise<void> {
    const cwd = this.#directoryOf(id);
    const log = openSync(join(cwd, 'server.log'), 'a');
    const java = ['-Xms96m', '-Xmx320m', ...SMALL_JVM, ...this.#options];
    this.#broker(id).process = await ManagedProcess.spawn(
      {
        file: this.#java,
        args: [...java, 'kafka.Kafka', 'server.properties'],
        cwd,
        stopSignal: 'SIGTERM',
        stopTimeoutMs: 1_000,
      },
      log,
    );
    closeSync(log);
  }

  async killBroker(id: number): Promise<void> {
    this.#signal(id, 'SIGKILL');
    await this.#broker(id).process?.exited;
  }

  /** The broker keeps its connections and answers nothing. */
  freezeBroker(id: number): void {
    this.#signal(id, 'SIGSTOP');
  }

  resumeBroker(id: number): void {
    this.#signal(id, 'SIGCONT');
  }

  async createTopic(topic: string, partitions: number): Promise<void> {
    await this.admin.createTopics({ topics: [{ topic, numPartitions: partitions }], waitForLeaders: false });
    await this.waitForReplicas(topic, partitions);
  }

  /** Resolves when all replicas of the topic are in sync. */
  async waitForReplicas(topic: string, partitions: number): Promise<void> {
    await eventually(
      async () => {
        const { topics } = await this.admin.fetchTopicMetadata({ topics: [topic] });
        const states = topics[0]?.partitions ?? [];
        return states.length === partitions && states.every(({ leader, isr }) => leader > 0 && isr.length === 3);
      },
      { withinMs: 180_000, everyMs: 100, what: `all replicas of ${topic} in sync` },
    );
  }

  async leadersOf(topic: string): Promise<readonly number[]> {
    const { topics } = await this.admin.fetchTopicMetadata({ topics: [topic] });
    const partitions = topics[0]?.partitions.toSorted((a, b) => a.partitionId - b.partitionId) ?? [];
    return partitions.map(({ leader }) => leader);
  }

  /** Takes the leaderships of the given partitions from their leaders, and resolves when other brokers have them. */
  async moveLeaders(topic: string, partitions: readonly number[]): Promise<void> {
    const before = await this.leadersOf(topic);
    const others = (leader: number | undefined) => BROKER_IDS.filter((id) => id !== leader);
    await this.#reassign(
      topic,
      partitions.map((partition) => ({ partition, replicas: others(before[partition]) })),
    );
    await eventually(
      async () => {
        const leaders = await this.leadersOf(topic);
        return partitions.every(
          (partition) => Number(leaders[partition]) > 0 && leaders[partition] !== before[partition],
        );
      },
      { withinMs: 120_000, everyMs: 20, what: 'other brokers to lead the partitions' },
    );
    const leaders = await this.leadersOf(topic);
    await this.#reassign(
      topic,
      partitions.map((partition) => ({
        partition,
        replicas: [Number(leaders[partition]), ...others(leaders[partition])],
      })),
    );
    await this.waitForReplicas(topic, before.length);
  }

  get admin(): Admin {
    if (this.#admin === undefined) throw new Error('expected a cluster that has started');
    return this.#admin;
  }

  async #reassign(topic: string, partitionAssignment: { partition: number; replicas: number[] }[]): Promise<void> {
    // The controller may change at any time; kafkajs then needs another look at the cluster.
    await eventually(async () => {
      await this.admin.alterPartitionReassignments({ topics: [{ topic, partitionAssignment }] });
      return true;
    });
  }

  async #connect(): Promise<void> {
    const kafka = new Kafka({
      clientId: 'test-cluster',
      brokers: this.addresses,
      logLevel: logLevel.NOTHING,
      connectionTimeout: 5_000,
      requestTimeout: 3_000,
      retry: { retries: 2 },
    });
    const admin = kafka.admin();
    await eventually(
      async () => {
        await admin.connect();
        return (await admin.describeCluster()).brokers.length === BROKER_IDS.length;
      },
      { withinMs: 180_000, everyMs: 200, what: 'three brokers in the cluster' },
    );
    this.#admin = admin;
  }

  #broker(id: number): Broker {
    const broker = this.#brokers.find((each) => each.id === id);
    if (broker === undefined) throw new Error(`expected one of the brokers ${BROKER_IDS}, got ${id}`);
    return broker;
  }

  #signal(id: number, signal: NodeJS.Signals): void {
    const pid = this.#broker(id).process?.pid;
    if (pid !== undefined) process.kill(pid, signal);
  }

  #directoryOf(id: number): string {
    return join(this.#directory, `broker-${id}`);
  }

  async #format({ id, port, controllerPort }: Broker): Promise<void> {
    const cwd = this.#directoryOf(id);
    await mkdir(cwd);
    const settings = {
      'process.roles': 'broker,controller',
      'node.id': id,
      'controller.quorum.voters': this.#brokers.map((each) => `${each.id}@127.0.0.1:${each.controllerPort}`).join(),
      listeners: `PLAINTEXT://127.0.0.1:${port},CONTROLLER://127.0.0.1:${controllerPort}`,
      'controller.listener.names': 'CONTROLLER',
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'log.dirs': 'data',
      'auto.create.topics.enable': false,
      'default.replication.factor': 3,
      'min.insync.replicas': 2,
      'offsets.topic.replication.factor': 3,
      'offsets.topic.num.partitions': 1,
      'group.initial.rebalance.delay.ms': 0,
      'broker.session.timeout.ms': SESSION_TIMEOUT_MS,
      'broker.heartbeat.interval.ms': 500,
      'log.cleaner.dedupe.buffer.size': 16_777_216,
      'num.network.threads': 2,
      'num.io.threads': 4,
      'background.threads': 2,
    };
    const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
    await writeFile(join(cwd, 'server.properties'), lines.join(''));
    const format = ['kafka.tools.StorageTool', 'format', '-t', CLUSTER_ID, '-c', 'server.properties'];
    await runProgram(
      { file: this.#java, args: ['-XX:TieredStopAtLevel=1', ...this.#options, ...format], cwd },
      { signal: new AbortController().signal },
    );
  }
}
