import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireMachine } from '../../stack/doctor/doctor.ts';
import type { StackEndpoints } from '../../stack/endpoints.ts';
import { TemporaryStack } from '../../stack/temporary-stack.ts';
import { requireCsvFile, requireCsvName, shellWord } from '../csv-file.ts';
import { sampleCsv } from '../sample-csv.ts';
import { formatDuration, formatNumber } from '../terminal/figures.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import { printResult } from '../terminal/output.ts';
import { createProgram, runCommand } from '../terminal/program.ts';
import { runSteps } from '../terminal/steps.ts';
import { paintFor, widthOf } from '../terminal/style.ts';
import { type ChangesResult, demonstrateChanges, seedSource } from './changes.ts';
import { type DemoResult, renderResult } from './render-result.ts';
import { demonstrateSalaries, type SalariesResult } from './salaries.ts';

/** `npm run demo`: starts a temporary stack, runs both pipelines, and verifies their results. */
class Demo {
  readonly #areServersReady = Promise.withResolvers<void>();
  /** Shows the progress of the step that runs. */
  #report: (line: string) => void = () => {};
  readonly #stack = new TemporaryStack({
    onNotice: (line) => this.#report(line),
    // So that the poller starts with a snapshot of a full table.
    beforeFunctions: async ({ sourceDatabaseUrl }) => {
      await seedSource(sourceDatabaseUrl);
      this.#areServersReady.resolve();
    },
  });

  async run(file: string | undefined): Promise<DemoResult> {
    let starting: Promise<StackEndpoints> | undefined;
    let salaries: SalariesResult | undefined;
    let changes: ChangesResult | undefined;
    const step = (title: string, run: () => Promise<string | undefined>) => ({
      title,
      run: (report: (line: string) => void) => {
        this.#report = report;
        return this.#stack.whileUp(run());
      },
    });
    await runSteps([
      step('Starting real servers', async () => {
        starting = this.#stack.start();
        await Promise.race([this.#areServersReady.promise, starting]);
        return 'Kafka, two PostgreSQL, S3, DynamoDB';
      }),
      step('Starting the functions in serverless offline, and their event sources', async () => {
        this.#report('the functions are bundled, tables and topics are created');
        await starting;
        return undefined;
      }),
      step('Salaries: file → bucket → transform-csv → Kafka → load-salaries → PostgreSQL', async () => {
        const endpoints = await (starting as Promise<StackEndpoints>);
        salaries = await demonstrateSalaries(file ?? (await this.#writeSample()), endpoints, (line) =>
          this.#report(line),
        );
        return `${formatNumber(salaries.file.loaded, 'row')} after ${formatDuration(salaries.seconds * 1_000)}`;
      }),
      step('Changes: A → emp_cdc → poll-changes → Kafka → apply-changes → B', async () => {
        const { sourceDatabaseUrl: source, targetDatabaseUrl: target } = await (starting as Promise<StackEndpoints>);
        changes = await demonstrateChanges({ source, target }, (line) => this.#report(line));
        return `${formatNumber(changes.changes, 'single change')}, p99 ${formatDuration(changes.latencyMs.p99)}`;
      }),
    ]);
    return { salaries: salaries as unknown as SalariesResult, changes: changes as unknown as ChangesResult };
  }

  /** Stops all processes and deletes all files. */
  stop(): Promise<void> {
    return this.#stack.stop();
  }

  async #writeSample(): Promise<string> {
    const path = join(this.#stack.directory, 'sample.csv');
    await writeFile(path, sampleCsv().csv);
    return path;
  }
}

const program = createProgram(
  'npm run demo',
  'Runs both pipelines once on a temporary stack and verifies the result. Exit code 0 only when it is right.',
)
  .argument('[FILE.csv]', 'the file to process (default: a generated sample)')
  .action(async (file) => {
    const path = file === undefined ? undefined : (await requireCsvFile(file)).path;
    if (path !== undefined) {
      requireCsvName(path, (csvName) => `"mv ${shellWord(path)} ${shellWord(join(path, '..', csvName))}"`);
    }
    await requireMachine({ directory: tmpdir(), signal: new AbortController().signal });
    const demo = new Demo();
    onInterrupt(() => demo.stop());
    try {
      const result = await demo.run(path);
      const options = { paint: paintFor(process.stdout), width: widthOf(process.stdout) };
      printResult(`\n${renderResult(result, options)}`);
    } finally {
      await demo.stop();
    }
  });

await runCommand(program);
