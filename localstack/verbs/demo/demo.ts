import { access, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readEndpoints } from '../../stack/endpoints.ts';
import { FunctionsHost } from '../../stack/functions-host.ts';
import { LocalStack } from '../../stack/stack.ts';
import { SupervisedServer } from '../../stack/supervised-server.ts';
import { sampleCsv } from '../sample-csv.ts';
import { type ChangesResult, demonstrateChanges, seedSource } from './changes.ts';
import { demonstrateSalaries, type SalariesResult } from './salaries.ts';

const USAGE = `npm run demo [-- FILE.csv]
  Runs both pipelines once on a stack of its own and verifies what comes out; without a file on a generated sample.`;

/** `npm run demo`: from nothing to a verified result in one go. */
class Demo {
  readonly #startedAt = performance.now();
  readonly #failed = Promise.withResolvers<never>();
  readonly #stoppable: { stop(): Promise<void> }[] = [];
  #directory: string | undefined;
  #ended: Promise<void> | undefined;

  async run(file: string | undefined): Promise<void> {
    // Whoever waits for the demonstration hears of a server that dies for good.
    this.#failed.promise.catch(() => {});
    await Promise.race([this.#demonstrate(file), this.#failed.promise]);
  }

  /** Stops all that runs and removes all that was written; only the first call counts. */
  end(): Promise<void> {
    this.#ended ??= (async () => {
      for (const part of this.#stoppable.reverse()) await part.stop();
      if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true });
    })();
    return this.#ended;
  }

  async #demonstrate(file: string | undefined): Promise<void> {
    this.#directory = await mkdtemp(join(tmpdir(), 'employee-streams-demo-'));
    const csv = file ?? (await this.#writeSample());
    const endpoints = await this.#start(this.#directory);
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

  /** The servers first, then rows in A, then the functions: so the first thing that they find is a full table. */
  async #start(directory: string) {
    const onFatal = (error: Error) => this.#failed.reject(error);
    const onNotice = (line: string) => this.#say(`  ${line}`);
    this.#say('Starting real servers: Kafka, two PostgreSQL, S3, DynamoDB');
    const stack = new LocalStack({ directory, ports: 'free', onNotice, onFatal });
    this.#stoppable.push(stack);
    const { sourceDatabaseUrl } = await stack.start();
    await seedSource(sourceDatabaseUrl);
    this.#say('Starting the functions in serverless offline, with their event sources');
    const host = new FunctionsHost(stack.running, resolve(import.meta.dirname, '../../..'));
    const functions = new SupervisedServer({ server: host, directory, onNotice, onFatal });
    this.#stoppable.push(functions);
    await functions.start();
    return readEndpoints(directory);
  }

  async #writeSample(): Promise<string> {
    const path = join(this.#directory ?? tmpdir(), 'sample.csv');
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
  console.table(Object.fromEntries(totals.map((t) => [t.department, { total_salary: t.total.toLocaleString('en') }])));
  console.table([file]);
}

function showChanges({ latencyMs, changes, snapshotRows, rowsInBoth }: ChangesResult): void {
  process.stdout.write(
    `\nA and B hold the same ${rowsInBoth} employees, after a snapshot of ${snapshotRows} rows and all changes\n` +
      `Milliseconds from commit in A to visible in B, ${changes} single changes\n`,
  );
  console.table([latencyMs]);
}

async function main(): Promise<number> {
  const [file, ...others] = process.argv.slice(2);
  if (others.length > 0 || file?.startsWith('-')) {
    process.stderr.write(`${USAGE}\n`);
    return file === '--help' ? 0 : 2;
  }
  if (file !== undefined) {
    const isThere = await access(file).then(
      () => true,
      () => false,
    );
    if (!isThere) {
      process.stderr.write(`${file}: there is no such file, or it may not be read. Expected the path of a CSV file.\n`);
      return 2;
    }
  }
  const demo = new Demo();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => demo.end().finally(() => process.exit(130)));
  }
  try {
    await demo.run(file);
    process.stdout.write('\nEverything is as it should be.\n');
    return 0;
  } catch (error) {
    process.stderr.write(`\nThe demonstration failed: ${(error as Error).message}\n`);
    return 1;
  } finally {
    await demo.end();
  }
}

process.exitCode = await main();
