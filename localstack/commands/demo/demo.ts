import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { requireMachine } from '../../stack/doctor/doctor.ts';
import type { StackEndpoints } from '../../stack/endpoints.ts';
import { TemporaryStack } from '../../stack/temporary-stack.ts';
import { requireCsvFile, requireCsvName, shellWord } from '../csv-file.ts';
import { sampleCsv } from '../sample-csv.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import { createProgram, runCommand } from '../terminal/program.ts';
import { type ChangesResult, demonstrateChanges, seedSource } from './changes.ts';
import { demonstrateSalaries, type SalariesResult } from './salaries.ts';

/** `npm run demo`: starts a temporary stack, runs both pipelines, and verifies their results. */
class Demo {
  readonly #startedAt = performance.now();
  readonly #stack = new TemporaryStack({
    onNotice: (line) => this.#print(`  ${line}`),
    // So that the poller starts with a snapshot of a full table.
    beforeFunctions: async ({ sourceDatabaseUrl }) => {
      await seedSource(sourceDatabaseUrl);
      this.#print('Starting the functions in serverless offline, and their event sources');
    },
  });

  async run(file: string | undefined): Promise<void> {
    this.#print('Starting real servers: Kafka, two PostgreSQL, S3, DynamoDB');
    const endpoints = await this.#stack.start();
    await this.#stack.whileUp(this.#demonstrate(file ?? (await this.#writeSample()), endpoints));
  }

  /** Stops all processes and deletes all files. */
  stop(): Promise<void> {
    return this.#stack.stop();
  }

  async #demonstrate(csv: string, endpoints: StackEndpoints): Promise<void> {
    this.#print('');
    this.#print(`Salaries: ${csv} -> bucket -> transform-csv -> Kafka -> load-salaries -> Postgres`);
    const salaries = await demonstrateSalaries(csv, endpoints, (line) => this.#print(`  ${line}`));
    this.#print('');
    this.#print('Changes: employees in A -> emp_cdc -> poll-changes -> Kafka -> apply-changes -> employees in B');
    const urls = { source: endpoints.sourceDatabaseUrl, target: endpoints.targetDatabaseUrl };
    const changes = await demonstrateChanges(urls, (line) => this.#print(`  ${line}`));
    showSalaries(salaries);
    showChanges(changes);
  }

  async #writeSample(): Promise<string> {
    const path = join(this.#stack.directory, 'sample.csv');
    await writeFile(path, sampleCsv().csv);
    return path;
  }

  #print(line: string): void {
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(1).padStart(5);
    process.stdout.write(line === '' ? '\n' : `${seconds} s  ${line}\n`);
  }
}

function showSalaries({ totals, file, seconds }: SalariesResult): void {
  process.stdout.write(
    `\nTotals by department, verified, ${seconds.toFixed(2)} s from the upload to the complete result\n`,
  );
  process.stdout.write(`${totals.map((t) => `${t.department} ${t.total.toLocaleString('en')}`).join(' · ')}\n`);
  console.table([file]);
}

function showChanges({ latencyMs, changes, snapshotRows, rowsInBoth }: ChangesResult): void {
  process.stdout.write(
    `\nA and B have the same ${rowsInBoth} employees, after a snapshot of ${snapshotRows} rows and all changes\n` +
      `Latency in milliseconds from the commit in A until visible in B, ${changes} single changes\n`,
  );
  console.table([latencyMs]);
}

const program = createProgram('npm run demo', 'Runs both pipelines once on a temporary stack and verifies the result.')
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
      await demo.run(path);
      console.log('\nBoth results are verified.');
    } finally {
      await demo.stop();
    }
  });

await runCommand(program);
