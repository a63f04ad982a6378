import { parseArgs } from 'node:util';
import pg from 'pg';
import type { StackEndpoints } from '../../localstack/stack/endpoints.ts';
import { TemporaryStack } from '../../localstack/stack/temporary-stack.ts';
import { runCopy } from './etl/copy-run.ts';
import { PeakMemory } from './etl/peak-memory.ts';
import { runPipeline } from './etl/pipeline-run.ts';
import { makeSalaryInput } from './etl/salary-input.ts';
import { runUsualStyle } from './etl/usual-style.ts';

const USAGE = `npm run bench:etl -- [--rows N] [--json]
  --rows N  rows of the file, all of which pass the filter; 300000 when absent
  --json    one line of JSON behind the table`;

/** The first file wakes everything up: bundles, connections, and what V8 compiles by and by in each loader's thread. */
const WARM_UP_ROWS = 100_000;
/** The usual style is slow and steady: so many messages tell its rate. */
const USUAL_STYLE_MESSAGES = 5_000;

interface Result {
  readonly rows: number;
  readonly pipelineRowsPerSecond: number;
  readonly usualStyleRowsPerSecond: number;
  readonly copyRowsPerSecond: number;
  readonly ratioToUsualStyle: number;
  readonly ratioToCopy: number;
  readonly peakRssMb: number;
}

async function measure(rows: number, stack: TemporaryStack): Promise<Result> {
  say('starting a stack of its own');
  const endpoints = await stack.start();
  const target = new pg.Client({ connectionString: endpoints.targetDatabaseUrl });
  await target.connect();
  try {
    return await compare(rows, stack, endpoints, target);
  } finally {
    await target.end();
  }
}

async function compare(
  rows: number,
  stack: TemporaryStack,
  endpoints: StackEndpoints,
  target: pg.Client,
): Promise<Result> {
  const input = await makeSalaryInput(stack.directory, 'bench', rows);
  say(`warming up with ${WARM_UP_ROWS} rows`);
  await runPipeline(await makeSalaryInput(stack.directory, 'warm-up', WARM_UP_ROWS), endpoints, target);

  say(`(a) the pipeline: ${rows} rows from upload to complete totals`);
  const memory = new PeakMemory(await stack.functionsPid());
  const pipelineMs = await runPipeline(input, endpoints, target);
  const peakRssMb = memory.stop();

  const messages = Math.min(rows, USUAL_STYLE_MESSAGES);
  say(`(b) the usual style: ${messages} messages, each with one insert, one update and one commit`);
  const usualStyleMs = await runUsualStyle(input, messages, endpoints, target);

  say(`(c) bare COPY of the ${rows} rows`);
  const copyMs = await runCopy(input, target);

  const [pipeline, usualStyle, copy] = [
    perSecond(rows, pipelineMs),
    perSecond(messages, usualStyleMs),
    perSecond(rows, copyMs),
  ];
  return {
    rows,
    pipelineRowsPerSecond: Math.round(pipeline),
    usualStyleRowsPerSecond: Math.round(usualStyle),
    copyRowsPerSecond: Math.round(copy),
    ratioToUsualStyle: Number((pipeline / usualStyle).toFixed(2)),
    ratioToCopy: Number((pipeline / copy).toFixed(4)),
    peakRssMb,
  };
}

function perSecond(count: number, elapsedMs: number): number {
  return (count / elapsedMs) * 1000;
}

function show(result: Result): void {
  const messages = Math.min(result.rows, USUAL_STYLE_MESSAGES);
  console.table({
    '(a) this pipeline': { 'rows/s': result.pipelineRowsPerSecond, measured: `${result.rows} rows` },
    '(b) usual style': { 'rows/s': result.usualStyleRowsPerSecond, measured: `${messages} messages` },
    '(c) bare COPY': { 'rows/s': result.copyRowsPerSecond, measured: `${result.rows} rows` },
  });
  process.stdout.write(
    `a/b ${result.ratioToUsualStyle}, a/c ${result.ratioToCopy}, ` +
      `peak memory of the process that all functions run in ${result.peakRssMb} MB\n`,
  );
}

function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      rows: { type: 'string', default: '300000' },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false },
    },
  });
  const rows = Number(values.rows);
  if (values.help || !Number.isSafeInteger(rows) || rows < 1) {
    process.stderr.write(
      values.help ? `${USAGE}\n` : `--rows must be a whole number from 1, not "${values.rows}".\n${USAGE}\n`,
    );
    return values.help ? 0 : 2;
  }
  const stack = new TemporaryStack({ onNotice: say });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => stack.stop().finally(() => process.exit(130)));
  }
  try {
    const result = await stack.whileUp(measure(rows, stack));
    show(result);
    if (values.json) process.stdout.write(`${JSON.stringify(result)}\n`);
    return 0;
  } catch (error) {
    say(`The benchmark failed: ${(error as Error).message}`);
    return 1;
  } finally {
    await stack.stop();
  }
}

const exitCode = await main();
// After a failure something may still be waiting for what will not come.
if (exitCode !== 0) process.exit(exitCode);
