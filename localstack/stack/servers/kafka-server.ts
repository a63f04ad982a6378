import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { copyFile, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Command, Exit } from '../process/managed-process.ts';
import { runProgram } from '../process/run-program.ts';
import type { PrepareContext, Server } from '../process/server.ts';
import { ClassArchive } from '../tools/class-archive.ts';
import { findJava, SMALL_JVM } from '../tools/java.ts';
import { resolveJars } from '../tools/maven-jars.ts';
import { countBrokers } from './kafka-probe.ts';
import { pomFiles } from './pom-files.ts';

const loggingPath = join(import.meta.dirname, 'kafka', 'log4j2.properties');

/*
 * Relative to the working directory: Kafka splits `log.dirs` at commas, properties files give backslashes and non-ASCII
 * characters another meaning, and Log4j reads the path of its configuration as a list of URLs.
 */
const DATA = 'data';
const CONFIG = 'server.properties';
const LOGGING = 'log4j2.properties';

/** Apache Kafka with one node, which is both broker and controller, configured for little memory. */
export class KafkaServer implements Server {
  readonly name = 'kafka';
  readonly title = 'Kafka';
  readonly #directory: string;
  readonly #port: number;
  readonly #controllerPort: number;
  #classArchive: ClassArchive | undefined;

  constructor(options: { directory: string; port: number; controllerPort: number }) {
    this.#directory = join(options.directory, 'kafka');
    this.#port = options.port;
    this.#controllerPort = options.controllerPort;
  }

  get address(): string {
    return `127.0.0.1:${this.#port}`;
  }

  async prepare(context: PrepareContext): Promise<Command> {
    const [java, jars] = await Promise.all([findJava(context.signal), resolveJars('kafka', pomFiles.kafka, context)]);
    const dataPath = join(this.#directory, DATA);
    await mkdir(dataPath, { recursive: true });
    await writeFile(join(this.#directory, CONFIG), this.#config());
    await copyFile(loggingPath, join(this.#directory, LOGGING));
    const classArchive = await ClassArchive.of(java, jars, this.#directory);
    this.#classArchive = classArchive;
    const classPath = ['-cp', join(jars, '*')];
    if (!existsSync(join(dataPath, 'meta.properties'))) {
      await this.#format(java, [...classArchive.readOptions, ...classPath], context.signal);
    }
    return {
      file: java,
      args: [
        ...['-Xms192m', '-Xmx512m', ...SMALL_JVM, ...classArchive.options],
        ...[`-Dlog4j2.configurationFile=${LOGGING}`, ...classPath, 'kafka.Kafka', CONFIG],
      ],
      cwd: this.#directory,
      stopSignal: 'SIGTERM',
      // Once, on a busy machine, the archive takes seconds.
      stopTimeoutMs: classArchive.exists ? 10_000 : 30_000,
    };
  }

  async probe(signal: AbortSignal): Promise<void> {
    if ((await countBrokers(this.#port, signal)) === 0) throw new Error('the broker has not joined its cluster yet');
  }

  async afterStop(exit: Exit): Promise<void> {
    await this.#classArchive?.save(exit);
  }

  async #format(java: string, options: readonly string[], signal: AbortSignal): Promise<void> {
    // 22 characters of base64url. The first one is a letter, because an id with a leading dash is parsed as an option.
    const clusterId = `K${randomBytes(16).toString('base64url').slice(1)}`;
    const args = ['-XX:TieredStopAtLevel=1', ...options, 'kafka.tools.StorageTool', 'format'];
    await runProgram(
      {
        file: java,
        args: [...args, '-t', clusterId, '-c', CONFIG, '--ignore-formatted'],
        cwd: this.#directory,
      },
      { signal },
    );
  }

  #config(): string {
    const settings = {
      'process.roles': 'broker,controller',
      'node.id': 1,
      'controller.quorum.voters': `1@127.0.0.1:${this.#controllerPort}`,
      listeners: `PLAINTEXT://127.0.0.1:${this.#port},CONTROLLER://127.0.0.1:${this.#controllerPort}`,
      'advertised.listeners': `PLAINTEXT://127.0.0.1:${this.#port}`,
      'controller.listener.names': 'CONTROLLER',
      'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
      'log.dirs': DATA,
      // As on MSK: using a topic that was not provisioned is a mistake.
      'auto.create.topics.enable': false,
      'num.partitions': 6,
      // There is only one node for replicas.
      'default.replication.factor': 1,
      'min.insync.replicas': 1,
      'offsets.topic.replication.factor': 1,
      'offsets.topic.num.partitions': 4,
      'transaction.state.log.replication.factor': 1,
      'transaction.state.log.min.isr': 1,
      'transaction.state.log.num.partitions': 2,
      'share.coordinator.state.topic.replication.factor': 1,
      'share.coordinator.state.topic.min.isr': 1,
      'share.coordinator.state.topic.num.partitions': 2,
      // A consumer group starts at once instead of waiting for more members to join.
      'group.initial.rebalance.delay.ms': 0,
      'group.min.session.timeout.ms': 1_000,
      // After a kill, the controller rejects the restarted broker until the old session has expired.
      'broker.session.timeout.ms': 4_000,
      'broker.heartbeat.interval.ms': 500,
      // Consumer groups keep their offsets when the stack was off for a long time: one year instead of seven days.
      'offsets.retention.minutes': 525_600,
      // The default would take 128 MB of heap.
      'log.cleaner.dedupe.buffer.size': 16_777_216,
      'num.network.threads': 2,
      'num.io.threads': 4,
      'background.threads': 2,
      'num.recovery.threads.per.data.dir': 2,
    };
    return `${Object.entries(settings)
      .map(([key, value]) => `${key}=${value}`)
      .join('\n')}\n`;
  }
}
