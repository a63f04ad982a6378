import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { ConfigResourceTypes, Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import type { Attention } from '../../functions/core/verdict.ts';
import { putIntoBucket } from '../../localstack/commands/bucket.ts';
import { PollerState } from '../../localstack/commands/poller-state.ts';
import { createDynamoDbClient } from '../../localstack/stack/aws-clients.ts';
import type { StackEndpoints } from '../../localstack/stack/endpoints.ts';
import { eventually, StopWaiting } from '../support/eventually.ts';
import { setDatabaseClock } from './clock/database-clock.ts';
import { type ClockedProcess, type ClockState, clockOptions, ProcessClocks } from './clock/process-clocks.ts';

const PROJECT = resolve(import.meta.dirname, '../..');
const run = promisify(execFile);
/** The schedule has a rate of a minute. */
const HAND_OVER_MS = 90_000;

/** As in `run/NAME.json` of the stack's directory. */
export type ProcessName = 'functions' | 'kafka' | 'dynamodb' | 's3' | 'sourceDatabase' | 'targetDatabase';

/** `npm start` in another process, with what a test needs to break it and to look at it from outside. */
export class FaultyStack {
  readonly directory = mkdtempSync(join(tmpdir(), 'employee-streams-faults-'));
  readonly #clockDirectory = join(this.directory, 'clocks');
  readonly #clocks = new ProcessClocks(this.#clockDirectory);
  readonly #output: string[] = [];
  #child: ChildProcess | undefined;
  #endpoints: StackEndpoints | undefined;
  #fileCount = 0;
  #salariesUploaded = 0;

  async start(): Promise<void> {
    const script = join(import.meta.dirname, 'clock', 'start-with-clocks.ts');
    const child = spawn(process.execPath, [script, '--ports', 'free', '--directory', this.directory], {
      cwd: PROJECT,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, FAULTY_CLOCKS: this.#clockDirectory },
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => this.#output.push(String(chunk)));
    const path = join(this.directory, 'endpoints.json');
    await eventually(
      () => {
        if (child.exitCode !== null)
          throw new StopWaiting(`npm start exited with code ${child.exitCode}:\n${this.output}`);
        return existsSync(path);
      },
      { what: 'endpoints.json', withinMs: 240_000 },
    );
    this.#endpoints = JSON.parse(readFileSync(path, 'utf8')) as StackEndpoints;
  }

  /** Ctrl-C, and `npm start` again with the same data. */
  async restart(): Promise<void> {
    await this.stop();
    await this.start();
  }

  removeDirectory(): void {
    rmSync(this.directory, { recursive: true, force: true });
  }

  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined || child.exitCode !== null) return;
    child.kill('SIGINT');
    await once(child, 'close');
  }

  get endpoints(): StackEndpoints {
    if (this.#endpoints === undefined) throw new Error('Expected a started stack: call start first.');
    return this.#endpoints;
  }

  /** The last part of what `npm start` has printed. */
  get output(): string {
    return this.#output.join('').slice(-20_000);
  }

  /** Runs the statements one after another in a session of their own, and returns the rows of the last one. */
  source(...statements: string[]): Promise<Record<string, unknown>[]> {
    return query(this.endpoints.sourceDatabaseUrl, statements);
  }

  /** As `source`, in the target. */
  target(...statements: string[]): Promise<Record<string, unknown>[]> {
    return query(this.endpoints.targetDatabaseUrl, statements);
  }

  /** Puts a file with one employee of CIT and this salary into the bucket. */
  async upload(salary: number): Promise<void> {
    this.#fileCount += 1;
    const csv = `Department,Department-Division,Position Title,Initial Hire Date,Salary\nCIT,d,t,2015-01-01,${salary}\n`;
    await putIntoBucket(this.endpoints.s3, `fault-${this.#fileCount}.csv`, Readable.from([csv]));
    this.#salariesUploaded += salary;
  }

  /** Whether B has exactly the employees of A, and detail and totals have exactly the uploaded salaries. */
  async isAgreed(): Promise<boolean> {
    const [[source], [target], [salaries]] = await Promise.all([
      this.source(EMPLOYEES),
      this.target(EMPLOYEES),
      this.target(SALARIES),
    ]);
    return (
      source?.['employees'] === target?.['employees'] &&
      Number(salaries?.['detail']) === this.#salariesUploaded &&
      Number(salaries?.['totals']) === this.#salariesUploaded
    );
  }

  async untilAgreed(withinMs = 120_000): Promise<void> {
    await eventually(() => this.isAgreed(), { what: 'A = B, and totals = detail', withinMs, everyMs: 100 });
  }

  /** What `npm run status -- --json` says needs attention. */
  async attention(): Promise<readonly Attention[]> {
    const script = join(PROJECT, 'localstack/commands/status/status.ts');
    const args = [...clockOptions(this.#clockDirectory, 'status'), script, '--json', '--directory', this.directory];
    const options = { cwd: PROJECT, timeout: 60_000, killSignal: 'SIGKILL' } as const;
    const { stdout } = await run(process.execPath, args, options).catch((error: Error & { stdout?: string }) => {
      if (!error.stdout) throw error;
      return { stdout: error.stdout };
    });
    return (JSON.parse(stdout) as { attention: readonly Attention[] }).attention;
  }

  /** `npm run provision`. */
  async provision(): Promise<void> {
    await this.#command('provision');
  }

  /** `npm run resnapshot`. */
  async resnapshot(): Promise<void> {
    await this.#command('resnapshot', '--yes');
  }

  async #command(name: string, ...args: string[]): Promise<void> {
    const script = join(PROJECT, `localstack/commands/${name}.ts`);
    await run(process.execPath, [script, '--directory', this.directory, ...args], { cwd: PROJECT, timeout: 120_000 });
  }

  async configureTopic(topic: string, name: string, value: string): Promise<void> {
    const resources = [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries: [{ name, value }] }];
    await this.withKafka((admin) => admin.alterConfigs({ validateOnly: false, resources }));
  }

  setClock(name: ClockedProcess, state: ClockState): void {
    this.#clocks.set(name, state);
  }

  async setDatabaseClock(name: 'source' | 'target', aheadMs: number): Promise<void> {
    const { sourceDatabaseUrl, targetDatabaseUrl } = this.endpoints;
    await setDatabaseClock(name === 'source' ? sourceDatabaseUrl : targetDatabaseUrl, aheadMs / 1_000);
  }

  /** Until the schedule has started another poller, which the running one hands over to. */
  async untilHandedOver(): Promise<void> {
    const read = () => this.withDynamoDb((client, table) => new PollerState(client, table).read());
    const { fencingToken } = await read();
    await eventually(async () => (await read()).fencingToken !== fencingToken, {
      what: 'a poller that the schedule has started',
      withinMs: HAND_OVER_MS,
      everyMs: 500,
    });
  }

  /** Stops the execution of the whole stack, as a laptop does that is asleep, and continues it after the time. */
  async sleep(ms: number, meanwhile: () => void): Promise<void> {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error('Expected a started stack: call start first.');
    const pids = [pid, ...descendantsOf(pid)];
    try {
      signalAll(pids, 'SIGSTOP');
      await delay(ms);
      meanwhile();
    } finally {
      signalAll(pids, 'SIGCONT');
    }
  }

  /** Stops the execution of a server and its children, as a machine without CPU time does. */
  freeze(name: ProcessName): void {
    this.signal(name, 'SIGSTOP');
  }

  unfreeze(name: ProcessName): void {
    this.signal(name, 'SIGCONT');
  }

  signal(name: ProcessName, signal: NodeJS.Signals): void {
    const { pid } = JSON.parse(readFileSync(join(this.directory, 'run', `${name}.json`), 'utf8')) as { pid: number };
    signalAll([pid, ...descendantsOf(pid)], signal);
  }

  async withKafka<Result>(work: (admin: ReturnType<Kafka['admin']>) => Promise<Result>): Promise<Result> {
    const admin = new Kafka({ brokers: this.endpoints.kafka.brokers, logLevel: logLevel.NOTHING }).admin();
    await admin.connect();
    try {
      return await work(admin);
    } finally {
      await admin.disconnect();
    }
  }

  async withDynamoDb<Result>(
    work: (client: ReturnType<typeof createDynamoDbClient>, table: string) => Promise<Result>,
  ): Promise<Result> {
    const client = createDynamoDbClient(this.endpoints);
    try {
      return await work(client, this.endpoints.dynamodb.offsetTable);
    } finally {
      client.destroy();
    }
  }
}

const EMPLOYEES = `
  select count(*) || ' ' || coalesce(md5(string_agg(
    concat_ws('|', emp_id, coalesce(first_name, '-'), coalesce(last_name, '-'), coalesce(dob::text, '-'),
      coalesce(city, '-'), coalesce(salary::text, '-')), e'\n' order by emp_id)), '') as employees
  from employees`;

const SALARIES = `
  select (select coalesce(sum(salary), 0) from department_employee) as detail,
    (select coalesce(sum(total_salary), 0) from department_employee_salary) as totals`;

async function query(url: string, statements: readonly string[]): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: 3_000, query_timeout: 30_000 });
  // A server that is killed ends the connection, which its next query reports.
  client.on('error', () => {});
  await client.connect();
  try {
    let rows: Record<string, unknown>[] = [];
    for (const statement of statements) ({ rows } = await client.query(statement));
    return rows;
  } finally {
    await client.end();
  }
}

/** The first process must be there. */
function signalAll(pids: readonly number[], signal: NodeJS.Signals): void {
  for (const [index, pid] of pids.entries()) {
    try {
      process.kill(pid, signal);
    } catch (error) {
      // A descendant, such as a session of PostgreSQL, may have ended since the list was made.
      if (index === 0 || (error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
  }
}

/** Linux only. A process that has ended since it was listed has none. */
function descendantsOf(pid: number): number[] {
  const children = readChildren(pid).trim().split(' ').filter(Boolean).map(Number);
  return children.flatMap((child) => [child, ...descendantsOf(child)]);
}

function readChildren(pid: number): string {
  try {
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}
