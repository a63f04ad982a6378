/**
 * Measures the Kafka event source against a bare loop that does the same work without any bookkeeping, in one run, on
 * the same broker and the same functions: `npm run bench:event-sources -- [--json] [--records N]`.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { LocalStack } from '../../localstack/stack/local-stack.ts';
import { FunctionsHost } from './event-sources/functions-host.ts';
import { batchSize } from './event-sources/loop-task.ts';
import { fillTopic, measureLatency } from './event-sources/records.ts';
import { runLoop } from './event-sources/run-loop.ts';

const { values } = parseArgs({
  options: { json: { type: 'boolean', default: false }, records: { type: 'string', default: '240000' } },
});

const rounds = 3;
const partitions = 6;
// Full batches only: the last one of a partition would wait for its window, which says nothing about throughput.
const recordCount = Math.ceil(Number(values.records) / (partitions * batchSize)) * partitions * batchSize;

const median = (numbers: readonly number[]) => [...numbers].sort((a, b) => a - b)[numbers.length >> 1] ?? Number.NaN;
const percentile = (numbers: readonly number[], share: number) =>
  [...numbers].sort((a, b) => a - b)[Math.ceil(numbers.length * share) - 1] ?? Number.NaN;

const say = (line: string) => {
  if (!values.json) process.stdout.write(`${line}\n`);
};

async function measure(brokers: readonly string[], directory: string) {
  const host = await FunctionsHost.start(directory);
  try {
    const topic = `bench-${Date.now()}`;
    say(`writing ${recordCount} records of 250 bytes to ${partitions} partitions`);
    await fillTopic(brokers, topic, partitions, recordCount);
    const common = { brokers, topic, lambda: host.endpoint, records: recordCount, directory };
    // The first of each warms up broker, page cache and functions.
    const bare: number[] = [];
    const ours: number[] = [];
    let peakRssMb = 0;
    for (let round = 0; round <= rounds; round++) {
      const bareRun = await runLoop('bare-loop.ts', { ...common, group: `bare-${topic}-${round}` });
      const ourRun = await runLoop('source-loop.ts', { ...common, group: `ours-${topic}-${round}` });
      say(
        `${round === 0 ? 'warm-up' : `round ${round}`}: bare ${Math.round(bareRun.recordsPerSecond)}/s, ours ${Math.round(ourRun.recordsPerSecond)}/s`,
      );
      if (round === 0) continue;
      bare.push(bareRun.recordsPerSecond);
      ours.push(ourRun.recordsPerSecond);
      peakRssMb = Math.max(peakRssMb, ourRun.peakRssMb);
    }
    const latencies = await measureLatency({ brokers, lambda: host.endpoint, directory, partitions });
    return {
      recordsPerSecond: Math.round(median(ours)),
      bareLoopRecordsPerSecond: Math.round(median(bare)),
      ratio: Number((median(ours) / median(bare)).toFixed(3)),
      latencyMs: {
        p50: Number(percentile(latencies, 0.5).toFixed(1)),
        p99: Number(percentile(latencies, 0.99).toFixed(1)),
      },
      peakRssMb: Math.round(peakRssMb),
    };
  } finally {
    await host.stop();
  }
}

const directory = await mkdtemp(join(tmpdir(), 'event-sources-bench-'));
const given = process.env['BENCH_KAFKA_BROKERS']?.split(',');
const stack =
  given === undefined
    ? new LocalStack({
        directory: join(directory, 'stack'),
        ports: 'free',
        onNotice: say,
        onFatal: (error) => {
          throw error;
        },
      })
    : undefined;
try {
  const brokers = given ?? (await stack?.start())?.kafka.brokers ?? [];
  const result = await measure(brokers, directory);
  if (values.json) {
    process.stdout.write(`${JSON.stringify(result)}\n`);
  } else {
    say('');
    say(`event source   ${result.recordsPerSecond} records/s, peak memory ${result.peakRssMb} MB`);
    say(`bare loop      ${result.bareLoopRecordsPerSecond} records/s`);
    say(`ratio          ${result.ratio}`);
    say(`latency        p50 ${result.latencyMs.p50} ms, p99 ${result.latencyMs.p99} ms at 100 records/s, window 0`);
  }
} finally {
  await stack?.stop();
  await rm(directory, { recursive: true, force: true });
}
