import pg from 'pg';
import { printJson } from '../../localstack/commands/terminal/output.ts';
import { createProgram, wholeNumber } from '../../localstack/commands/terminal/program.ts';
import type { StackEndpoints } from '../../localstack/stack/endpoints.ts';
import type { TemporaryStack } from '../../localstack/stack/temporary-stack.ts';
import { onTemporaryStack, runBenchmark, say } from './benchmark.ts';
import { runCopy } from './etl/copy-run.ts';
import { PeakMemory } from './etl/peak-memory.ts';
import { runPipeline } from './etl/pipeline-run.ts';
import { createSalaryInput } from './etl/salary-input.ts';
import { runUsualStyle } from './etl/usual-style.ts';
import { perSecond, round } from './statistics.ts';

/** The first file loads bundles, opens connections, and has V8 compile the code of each thread. */
const WARM_UP_ROWS = 100_000;
/** The usual style is slow and steady, so that so many messages show its rate. */
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

async function measure(rows: number, stack: TemporaryStack, endpoints: StackEndpoints): Promise<Result> {
  const target = new pg.Client({ connectionString: endpoints.targetDatabaseUrl });
  await target.connect();
  try {
    const input = await createSalaryInput(stack.directory, 'bench', rows);
    say(`warming up with ${WARM_UP_ROWS} rows`);
    await runPipeline(await createSalaryInput(stack.directory, 'warm-up', WARM_UP_ROWS), endpoints, target);

    say(`(a) this pipeline: ${rows} rows from the upload to complete totals`);
    const memory = new PeakMemory(await stack.functionsPid());
    const pipeline = perSecond(rows, await runPipeline(input, endpoints, target));
    const peakRssMb = memory.stop();

    const messages = Math.min(rows, USUAL_STYLE_MESSAGES);
    say(`(b) the usual style: ${messages} messages, each with one insert, one update and one commit`);
    const usualStyle = perSecond(messages, await runUsualStyle(input, messages, endpoints, target));

    say(`(c) only COPY, of the ${rows} rows`);
    const copy = perSecond(rows, await runCopy(input, target));

    return {
      rows,
      pipelineRowsPerSecond: round(pipeline),
      usualStyleRowsPerSecond: round(usualStyle),
      copyRowsPerSecond: round(copy),
      ratioToUsualStyle: round(pipeline / usualStyle, 2),
      ratioToCopy: round(pipeline / copy, 4),
      peakRssMb,
    };
  } finally {
    await target.end();
  }
}

function show(result: Result): void {
  const messages = Math.min(result.rows, USUAL_STYLE_MESSAGES);
  console.table({
    '(a) this pipeline': { 'rows/s': result.pipelineRowsPerSecond, measured: `${result.rows} rows` },
    '(b) usual style': { 'rows/s': result.usualStyleRowsPerSecond, measured: `${messages} messages` },
    '(c) only COPY': { 'rows/s': result.copyRowsPerSecond, measured: `${result.rows} rows` },
  });
  console.log(
    `a/b ${result.ratioToUsualStyle}, a/c ${result.ratioToCopy}, ` +
      `peak memory of the process that runs all functions ${result.peakRssMb} MB`,
  );
}

const program = createProgram(
  'npm run bench:etl',
  'Compares the salaries pipeline with one transaction per message, and with bare COPY.',
)
  .option('--rows <N>', 'rows of the file, all of which pass the filter', wholeNumber(1), 300_000)
  .option('--json', 'print the result as one line of JSON after the table')
  .action(async ({ rows, json }) => {
    const result = await onTemporaryStack((stack, endpoints) => measure(rows, stack, endpoints));
    show(result);
    if (json) printJson(result);
  });

await runBenchmark(program);
