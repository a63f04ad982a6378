import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { StopWaiting } from '../eventually.ts';
import { endpoints } from '../servers.ts';
import { runKafkaTool } from './run-kafka-tool.ts';

const PACKAGE = 'org.apache.kafka.clients.consumer';
const SETTINGS = join(import.meta.dirname, 'consumer.properties');

interface ConsumerEvent {
  readonly name: string;
  /** Of `partitions_assigned` and `partitions_revoked`. */
  readonly partitions?: readonly { readonly partition: number }[];
  /** Of `record_data`. */
  readonly partition?: number;
  readonly offset?: number;
}

/** The classes of its assignors, or `consumer`: the protocol in which the broker divides the partitions. */
export type JavaAssignment = readonly string[] | 'consumer';

function assignmentArguments(assignment: JavaAssignment): string[] {
  // The broker says how often a member of the new protocol sends a heartbeat.
  if (assignment === 'consumer') return ['--group-protocol', 'consumer'];
  const classes = assignment.map((name) => `${PACKAGE}.${name}`).join(',');
  return ['--assignment-strategy', classes, '--command-config', SETTINGS];
}

/**
 * A consumer of Kafka's Java client. It is Kafka's VerifiableConsumer, which commits
 * after each poll and prints a line of JSON for each record and each change of its partitions.
 */
export class JavaConsumer {
  readonly records: { readonly partition: number; readonly offset: number }[] = [];
  readonly #partitions = new Set<number>();
  readonly #process: ChildProcess;
  #output = '';

  private constructor(process: ChildProcess) {
    this.#process = process;
    for (const stream of [process.stdout, process.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on('line', (line) => this.#read(line));
    }
  }

  static async start(topic: string, groupId: string, assignment: JavaAssignment): Promise<JavaConsumer> {
    const process = await runKafkaTool('org.apache.kafka.tools.VerifiableConsumer', [
      ...['--bootstrap-server', endpoints().kafka.brokers.join(',')],
      ...['--topic', topic, '--group-id', groupId, '--reset-policy', 'earliest', '--verbose'],
      ...assignmentArguments(assignment),
    ]);
    return new JavaConsumer(process);
  }

  /** Those that it has now. */
  get partitions(): number[] {
    if (this.#process.exitCode !== null) throw new StopWaiting(`the consumer of Java has ended:\n${this.#output}`);
    return [...this.#partitions];
  }

  /** Leaves the group. */
  async stop(): Promise<void> {
    if (this.#process.exitCode !== null || this.#process.signalCode !== null) return;
    const closed = once(this.#process, 'close');
    this.#process.kill('SIGTERM');
    await closed;
  }

  #read(line: string): void {
    this.#output = `${this.#output}${line}\n`.slice(-10_000);
    if (!line.startsWith('{')) return;
    const { name, partitions = [], partition, offset } = JSON.parse(line) as ConsumerEvent;
    if (name === 'partitions_assigned') for (const one of partitions) this.#partitions.add(one.partition);
    if (name === 'partitions_revoked') for (const one of partitions) this.#partitions.delete(one.partition);
    if (name === 'record_data' && partition !== undefined && offset !== undefined) {
      this.records.push({ partition, offset });
    }
  }
}
