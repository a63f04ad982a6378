import { access, constants, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { StackEndpoints } from '../../stack/endpoints.ts';
import { TemporaryStack } from '../../stack/temporary-stack.ts';
import { runCommand, UsageError } from '../run-command.ts';
import { sampleCsv } from '../sample-csv.ts';
import { type ChangesResult, demonstrateChanges, seedSource } from './changes.ts';
import { demonstrateSalaries, type SalariesResult } from './salaries.ts';

const USAGE = `npm run demo [-- FILE.csv]
  Runs both pipelines once on a stack of its own and verifies what comes out; without a file on a generated sample.`;

/** `npm run demo`: from nothing to a verified result in one go. */
class Demo {
  readonly #startedAt = performance.now();
  readonly #stack = new TemporaryStack({
    onNotice: (line) => this.#say(`  ${line}`),
    // Rows in A before anything listens: so the first thing that the poller finds is a full table.
    beforeFunctions: async ({ sourceDatabaseUrl }) => {
      await seedSource(sourceDatabaseUrl);
      this.#say('Starting the functions in serverless offline, with their event sources');
    },
  });

  async run(file: string | undefined): Promise<void> {
    this.#say('Starting real servers: Kafka, two PostgreSQL, S3, DynamoDB');
    const endpoints = await this.#stack.start();
    await this.#stack.whileUp(this.#demonstrate(file ?? (await this.#writeSample()), endpoints));
  }

  /** Stops all that runs and removes all that was written. */
  end(): Promise<void> {
    return this.#stack.stop();
  }

  async #demonstrate(csv: string, endpoints: StackEndpoints): Promise<void> {
    this.#say('');
    this.#say(`Salaries: ${csv} -> bucket -> transform-csv -> Kafka -> load-salaries -> Postgres`);
    const salaries = await demonstrateSalaries(csv, endpoints, (line) => this.#say(`  ${line}`));
    this.#say('');
    this.#say('Changes: employees in A -> emp_cdc -> poll-changes -> Kafka -> apply-changes -> employees in B');
    const urls = { source: endpoints.sourceDatabaseUrl, target: endpoints.targetDatabaseUrl };
    const changes = await demonstrateChanges(urls, (line) => this.#say(`  ${line}`));
    showSalaries(salaries);
    showChanges(changes);
  }

  async #writeSample(): Promise<string> {
    const path = join(this.#stack.directory, 'sample.csv');
    await writeFile(path, sampleCsv().csv);
    return path;
  }

  #say(line: string): void {
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(1).padStart(5);
    process.stdout.write(line === '' ? '\n' : `${seconds} s  ${line}\n`);
  }
}

function showSalaries({ totals, file, seconds }: SalariesResult): void {
  process.stdout.write(`\nTotals per department, verified, ${seconds.toFixed(2)} s from upload to complete\n`);
  process.stdout.write(`${totals.map((t) => `${t.department} ${t.total.toLocaleString('en')}`).join(' · ')}\n`);
  console.table([file]);
}

function showChanges({ latencyMs, changes, snapshotRows, rowsInBoth }: ChangesResult): void {
  process.stdout.write(
    `\nA and B hold the same ${rowsInBoth} employees, after a snapshot of ${snapshotRows} rows and all changes\n` +
      `Milliseconds from commit in A to visible in B, ${changes} single changes\n`,
  );
  console.table([latencyMs]);
}

await runCommand(USAGE, async ([file, ...others]) => {
  if (others.length > 0 || file?.startsWith('-')) throw new UsageError('Expected one file, or none.');
  if (file !== undefined) {
    await access(file, constants.R_OK).catch((cause) => {
      throw new UsageError(`${file}: there is no such file, or it may not be read. Expected the path of a CSV file.`, {
        cause,
      });
    });
  }
  const demo = new Demo();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => demo.end().finally(() => process.exit(130)));
  }
  try {
    await demo.run(file);
    process.stdout.write('\nEverything is as it should be.\n');
  } finally {
    await demo.end();
  }
});
