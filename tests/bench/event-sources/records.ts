import { spawn } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { Kafka, logLevel } from 'kafkajs';
import { makeTopic } from '../../support/servers.ts';
import type { LoopTask } from './loop-task.ts';

const recordBytes = 250;
const recordsPerSecond = 100;
const latencySeconds = 10;
const warmUpRecords = 100;

function client(brokers: readonly string[]): Kafka {
  return new Kafka({ brokers: [...brokers], logLevel: logLevel.NOTHING });
}

async function createTopic(brokers: readonly string[], topic: string, partitions: number): Promise<void> {
  const admin = client(brokers).admin();
  await admin.connect();
  await makeTopic(admin, topic, partitions);
  await admin.disconnect();
}

export async function fillTopic(
  brokers: readonly string[],
  topic: string,
  partitions: number,
  count: number,
): Promise<void> {
  await createTopic(brokers, topic, partitions);
  const producer = client(brokers).producer();
  await producer.connect();
  const value = Buffer.alloc(recordBytes, 'x');
  const chunk = 5_000;
  for (let start = 0; start < count; start += chunk) {
    const messages = Array.from({ length: Math.min(chunk, count - start) }, (_, index) => ({
      key: `key-${start + index}`,
      value,
      partition: (start + index) % partitions,
    }));
    await producer.send({ topic, messages });
  }
  await producer.disconnect();
}

/** From the acknowledgement of each record to the start of the function, in milliseconds. */
export async function measureLatency(options: {
  brokers: readonly string[];
  lambda: string;
  directory: string;
  partitions: number;
}): Promise<number[]> {
  const { brokers, lambda, directory, partitions } = options;
  const topic = `latency-${Date.now()}`;
  await createTopic(brokers, topic, partitions);
  const count = recordsPerSecond * latencySeconds + warmUpRecords;
  const task: LoopTask = { brokers, topic, group: topic, lambda, directory, records: count };
  const child = spawn(
    process.execPath,
    [...process.execArgv, join(import.meta.dirname, 'latency-loop.ts'), JSON.stringify(task)],
    {
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  );
  const seenAt = new Map<number, number>();
  const ready = Promise.withResolvers<void>();
  const all = Promise.withResolvers<void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'ready') return ready.resolve();
    const [index, at] = line.split(' ').map(Number);
    seenAt.set(index ?? -1, at ?? Number.NaN);
    if (seenAt.size === count) all.resolve();
  });
  child.once('exit', (code) => all.reject(new Error(`the event source ended early, with ${code}`)));
  all.promise.catch(() => {});
  await ready.promise;
  const producer = client(brokers).producer();
  await producer.connect();
  const acknowledgedAt: number[] = [];
  const sends: Promise<void>[] = [];
  const startedAt = performance.now();
  for (let index = 0; index < count; index++) {
    const due = startedAt + (index * 1_000) / recordsPerSecond;
    await new Promise((resolve) => setTimeout(resolve, Math.max(0, due - performance.now())));
    const value = String(index).padEnd(recordBytes);
    sends.push(
      producer.send({ topic, messages: [{ value, partition: index % partitions }] }).then(() => {
        acknowledgedAt[index] = performance.timeOrigin + performance.now();
      }),
    );
  }
  await Promise.all(sends);
  await all.promise;
  await producer.disconnect();
  child.kill('SIGTERM');
  // A record may be in the function before its producer has heard of it: that is no time at all.
  return acknowledgedAt
    .slice(warmUpRecords)
    .map((at, index) => Math.max(0, (seenAt.get(index + warmUpRecords) ?? Number.NaN) - at));
}
