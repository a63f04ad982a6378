import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { LoopTask } from './loop-task.ts';
import { createTopic, RECORD_BYTES, withProducer } from './records.ts';

const RECORDS_PER_SECOND = 100;
const SECONDS = 10;
const WARM_UP_RECORDS = 100;
const COUNT = RECORDS_PER_SECOND * SECONDS + WARM_UP_RECORDS;

interface LatencyOptions {
  readonly brokers: readonly string[];
  readonly lambda: string;
  readonly directory: string;
  readonly partitions: number;
}

/** @returns milliseconds from the acknowledgement of each record to the start of the function. */
export async function measureLatency({ brokers, lambda, directory, partitions }: LatencyOptions): Promise<number[]> {
  const topic = `latency-${Date.now()}`;
  await createTopic(brokers, topic, partitions);
  const arrivals = new Arrivals({ brokers, topic, group: topic, lambda, directory, records: COUNT });
  try {
    await arrivals.ready;
    const acknowledgedAtMs = await sendAtSteadyRate(brokers, topic, partitions);
    const arrivedAtMs = await arrivals.all;
    // The function may have a record before its producer has the acknowledgement, which counts as no latency.
    return acknowledgedAtMs
      .map((atMs, index) => Math.max(0, (arrivedAtMs.get(index) ?? Number.NaN) - atMs))
      .slice(WARM_UP_RECORDS);
  } finally {
    await arrivals.stop();
  }
}

async function sendAtSteadyRate(brokers: readonly string[], topic: string, partitions: number): Promise<number[]> {
  return withProducer(brokers, async (producer) => {
    const startedAtMs = performance.now();
    const sends: Promise<number>[] = [];
    for (let index = 0; index < COUNT; index++) {
      const dueAtMs = startedAtMs + (index * 1_000) / RECORDS_PER_SECOND;
      await sleep(Math.max(0, dueAtMs - performance.now()));
      const messages = [{ value: String(index).padEnd(RECORD_BYTES), partition: index % partitions }];
      sends.push(producer.send({ topic, messages }).then(() => performance.timeOrigin + performance.now()));
    }
    return Promise.all(sends);
  });
}

/** The event source in a process of its own, and when its function was invoked with each record. */
class Arrivals {
  readonly ready: Promise<void>;
  /** By the index of the record. Rejects when the process exits first. */
  readonly all: Promise<ReadonlyMap<number, number>>;
  readonly #process;

  constructor(task: LoopTask) {
    const ready = Promise.withResolvers<void>();
    const all = Promise.withResolvers<ReadonlyMap<number, number>>();
    const arrivedAtMs = new Map<number, number>();
    const args = [...process.execArgv, join(import.meta.dirname, 'latency-loop.ts'), JSON.stringify(task)];
    this.#process = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    createInterface({ input: this.#process.stdout }).on('line', (line) => {
      if (line === 'ready') return ready.resolve();
      const [index = -1, atMs = Number.NaN] = line.split(' ').map(Number);
      arrivedAtMs.set(index, atMs);
      if (arrivedAtMs.size === COUNT) all.resolve(arrivedAtMs);
    });
    this.#process.once('exit', (code) => {
      const error = new Error(`expected the event source to run, but it exited with code ${code}`);
      ready.reject(error);
      all.reject(error);
    });
    this.ready = ready.promise;
    this.all = all.promise;
    // Avoids an unhandled rejection when the process exits after both are settled, or before they are awaited.
    this.ready.catch(() => {});
    this.all.catch(() => {});
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    this.#process.kill('SIGTERM');
    await once(this.#process, 'exit');
  }
}
