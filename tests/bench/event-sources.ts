import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { printJson } from '../../localstack/commands/terminal/output.ts';
import { createProgram, wholeNumber } from '../../localstack/commands/terminal/program.ts';
import { LocalStack } from '../../localstack/stack/local-stack.ts';
import { runBenchmark, say } from './benchmark.ts';
import { FunctionsHost } from './event-sources/functions-host.ts';
import { measureLatency } from './event-sources/latency-run.ts';
import { BATCH_SIZE } from './event-sources/loop-task.ts';
import { createTopicWithRecords, RECORD_BYTES } from './event-sources/records.ts';
import { runLoop } from './event-sources/run-loop.ts';
import { median, percentile, round } from './statistics.ts';

const ROUNDS = 3;
const PARTITIONS = 6;

/** The Kafka event source against a consumer loop that does the same work and no more, on the same broker and functions. */
async function measure(recordCount: number, brokers: readonly string[], directory: string) {
  const host = await FunctionsHost.start(directory);
  try {
    const topic = `bench-${Date.now()}`;
    say(`writing ${recordCount} records of ${RECORD_BYTES} bytes to ${PARTITIONS} partitions`);
    await createTopicWithRecords(brokers, topic, PARTITIONS, recordCount);
    const task = { brokers, topic, lambda: host.endpoint, records: recordCount, directory };
    const bareLoop: number[] = [];
    const eventSource: number[] = [];
    let peakRssMb = 0;
    // The first round warms up the broker, the page cache and the functions.
    for (let round = 0; round <= ROUNDS; round++) {
      const bare = await runLoop('bare-loop.ts', { ...task, group: `bare-${topic}-${round}` });
      const ours = await runLoop('source-loop.ts', { ...task, group: `ours-${topic}-${round}` });
      const rates = [bare, ours].map(({ recordsPerSecond }) => Math.round(recordsPerSecond));
      say(`${round === 0 ? 'warm-up' : `round ${round}`}: bare loop ${rates[0]}/s, event source ${rates[1]}/s`);
      if (round === 0) continue;
      bareLoop.push(bare.recordsPerSecond);
      eventSource.push(ours.recordsPerSecond);
      peakRssMb = Math.max(peakRssMb, ours.peakRssMb);
    }
    const latencies = await measureLatency({ brokers, lambda: host.endpoint, directory, partitions: PARTITIONS });
    return {
      recordsPerSecond: round(median(eventSource)),
      bareLoopRecordsPerSecond: round(median(bareLoop)),
      ratio: round(median(eventSource) / median(bareLoop), 3),
      latencyMs: { p50: round(percentile(latencies, 0.5), 1), p99: round(percentile(latencies, 0.99), 1) },
      peakRssMb: round(peakRssMb),
    };
  } finally {
    await host.stop();
  }
}

function show({ recordsPerSecond, bareLoopRecordsPerSecond, ratio, latencyMs, peakRssMb }: Result): void {
  console.log(`event source   ${recordsPerSecond} records/s, peak memory ${peakRssMb} MB`);
  console.log(`bare loop      ${bareLoopRecordsPerSecond} records/s`);
  console.log(`ratio          ${ratio}`);
  console.log(`latency        p50 ${latencyMs.p50} ms, p99 ${latencyMs.p99} ms at 100 records/s, window 0`);
}

type Result = Awaited<ReturnType<typeof measure>>;

async function withBrokers<Value>(
  directory: string,
  work: (brokers: readonly string[]) => Promise<Value>,
): Promise<Value> {
  const given = process.env['BENCH_KAFKA_BROKERS'];
  if (given !== undefined) return work(given.split(','));
  const stack = new LocalStack({
    directory: join(directory, 'stack'),
    ports: 'free',
    servers: ['kafka'],
    onNotice: say,
    onFatal: (error) => {
      throw error;
    },
  });
  try {
    return await work((await stack.start()).kafka.brokers);
  } finally {
    await stack.stop();
  }
}

const program = createProgram(
  'npm run bench:event-sources',
  'Compares the emulated event source with a bare consumer loop.',
)
  .option('--records <N>', 'records of the topic, rounded up to full batches', wholeNumber(1), 240_000)
  .option('--json', 'print the result as one line of JSON instead of the table')
  .addHelpText('after', '\nBENCH_KAFKA_BROKERS=HOST:PORT,… uses these brokers instead of starting one.')
  .action(async ({ records, json }) => {
    // Full batches only: a partition's last batch would otherwise wait for its window.
    const unit = PARTITIONS * BATCH_SIZE;
    const recordCount = Math.ceil(records / unit) * unit;
    const directory = await mkdtemp(join(tmpdir(), 'event-sources-bench-'));
    try {
      const result = await withBrokers(directory, (brokers) => measure(recordCount, brokers, directory));
      if (json) printJson(result);
      else show(result);
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });

await runBenchmark(program);
