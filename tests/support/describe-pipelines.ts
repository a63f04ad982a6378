import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import pg from 'pg';
import { putIntoBucket } from '../../localstack/commands/bucket.ts';
import { demonstrateChanges, seedSource } from '../../localstack/commands/demo/changes.ts';
import type { FileAccount } from '../../localstack/commands/demo/salaries.ts';
import { readKafkaStatus } from '../../localstack/commands/kafka-status.ts';
import { sampleCsv } from '../../localstack/commands/sample-csv.ts';
import type { StackEndpoints } from '../../localstack/stack/endpoints.ts';
import { TemporaryStack } from '../../localstack/stack/temporary-stack.ts';

const REAL_FILE = resolve(import.meta.dirname, '../../../shared/data/Employee_Salaries.csv');
const HEADER = 'Department,Department-Division,Position Title,Initial Hire Date,Salary\n';

/** Ends what hangs. A stack of its own starts for these tests, and functions that were killed come back. */
const LIMIT_MS = 600_000;

/** Runs the command of an npm script with an empty standard input. */
async function runCommand(command: string, args: readonly string[]): Promise<{ code: number | null; said: string }> {
  const script = resolve(import.meta.dirname, `../../localstack/commands/${command}.ts`);
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: code as number | null, said: out + error };
}

/** Both pipelines from outside, on a whole stack with one kind of S3 server. */
export function describePipelines(s3: 'fauxqs' | 'minio'): void {
  const notices: string[] = [];
  const stack = new TemporaryStack({
    onNotice: (line) => notices.push(line),
    s3,
    beforeFunctions: ({ sourceDatabaseUrl }) => seedSource(sourceDatabaseUrl),
  });
  let endpoints: StackEndpoints;
  let target: pg.Client;

  beforeAll(async () => {
    try {
      endpoints = await stack.start();
    } catch (error) {
      throw new Error(`the stack did not start:\n${notices.join('\n')}`, { cause: error });
    }
    target = new pg.Client({ connectionString: endpoints.targetDatabaseUrl });
    await target.connect();
  }, LIMIT_MS);

  afterAll(async () => {
    await target?.end();
    await stack.stop();
  }, LIMIT_MS);

  type Account = Omit<FileAccount, 'refused'>;

  async function upload(key: string, content: string): Promise<void> {
    await putIntoBucket(endpoints.s3, key, Readable.from([Buffer.from(content)]));
  }

  /**
   * The newest version of a key, once `isSo` holds for it. Those that change nothing are not counted: on a machine that
   * takes a minute for an event, the bucket's reconciliation tells of the same bytes, too.
   */
  async function untilAccount(key: string, isSo: (account: Account, versions: number) => boolean): Promise<Account> {
    for (;;) {
      const { rows } = await target.query<Account>(
        `select state, read, filtered_out, rejected, sent, loaded from ingested_file
         where key = $1 and state <> 'unchanged' order by file_id desc`,
        [key],
      );
      if (rows[0] && isSo(rows[0], rows.length)) return rows[0];
      await delay(20);
    }
  }

  const untilComplete = (key: string, versions = 1) =>
    untilAccount(key, (account, count) => count === versions && account.state === 'complete');

  async function totals(): Promise<Map<string, bigint>> {
    const { rows } = await target.query<{ department: string; total_salary: string }>(
      'select department, total_salary from department_employee_salary',
    );
    return new Map(rows.map((row) => [row.department, BigInt(row.total_salary)]));
  }

  /** What `work` adds to the totals; departments that it does not touch are left out. */
  async function gained(work: () => Promise<unknown>): Promise<Record<string, bigint>> {
    const before = await totals();
    await work();
    const after = await totals();
    const departments = new Set([...before.keys(), ...after.keys()]);
    return Object.fromEntries(
      [...departments]
        .map((name) => [name, (after.get(name) ?? 0n) - (before.get(name) ?? 0n)] as const)
        .filter(([, difference]) => difference !== 0n),
    );
  }

  async function expectTotalsToBeSums(): Promise<void> {
    const { rows } = await target.query(
      `select department, total_salary, sum from department_employee_salary
       full join (select department, sum(salary) from department_employee group by department) as rows using (department)
       where total_salary is distinct from sum`,
    );
    expect(rows).toEqual([]);
  }

  describe('salaries', () => {
    if (existsSync(REAL_FILE)) {
      test(
        'the real file gives its known totals',
        async () => {
          const content = await readFile(REAL_FILE, 'utf8');
          await upload('warm-up.csv', HEADER);
          await untilComplete('warm-up.csv');

          const startedAt = performance.now();
          const gain = await gained(async () => {
            await upload('Employee_Salaries.csv', content);
            await untilComplete('Employee_Salaries.csv');
          });

          expect(gain).toEqual({ EMS: 3_779_570n, CIT: 9_102_142n, ECC: 2_042_698n });
          process.stdout.write(`the real file took ${Math.round(performance.now() - startedAt)} ms\n`);
        },
        LIMIT_MS,
      );
    } else {
      process.stdout.write(`skipped: the real file is not at ${REAL_FILE}\n`);
    }

    test(
      'the sample with everything awkward gives the totals that its writer counted',
      async () => {
        const sample = sampleCsv();

        const gain = await gained(async () => {
          await upload('sample with + and %41 ü.csv', sample.csv);
          await untilComplete('sample with + and %41 ü.csv');
        });

        expect(gain).toEqual(Object.fromEntries(sample.totals));
        expect(await untilComplete('sample with + and %41 ü.csv')).toEqual({
          state: 'complete',
          read: sample.read,
          filtered_out: sample.filteredOut,
          rejected: sample.rejected,
          sent: sample.sent,
          loaded: sample.sent,
        });
      },
      LIMIT_MS,
    );

    test(
      'versions A, B and A again of one key leave what A says, and the same bytes change nothing',
      async () => {
        const a = `${HEADER}EMS,d,t,2015-01-01,100\nEMS,d,t,2015-01-01,100\n`;
        const b = `${HEADER}ECC,d,t,2015-01-01,7\n`;
        const key = 'replaced.csv';

        expect(await gained(() => upload(key, a).then(() => untilComplete(key, 1)))).toEqual({ EMS: 200n });
        expect(await gained(() => upload(key, b).then(() => untilComplete(key, 2)))).toEqual({ EMS: -200n, ECC: 7n });
        expect(await gained(() => upload(key, a).then(() => untilComplete(key, 3)))).toEqual({ EMS: 200n, ECC: -7n });
        await expectTotalsToBeSums();
      },
      LIMIT_MS,
    );

    test(
      'an unusable version is rejected and leaves the one before it in place',
      async () => {
        const key = 'unusable.csv';
        await upload(key, `${HEADER}CIT,d,t,2015-01-01,5\n`);
        await untilComplete(key);

        const gain = await gained(async () => {
          await upload(key, `${HEADER}CIT,"never closed,t,2015-01-01,9\n`);
          await untilAccount(key, (account) => account.state === 'rejected');
        });

        expect(gain).toEqual({});
      },
      LIMIT_MS,
    );

    test(
      'a file is complete and counted once though the functions are killed in the middle of it',
      async () => {
        const rows = 60_000;
        const content = HEADER + 'EMS,division,title,2015-01-01,3\n'.repeat(rows);

        const gain = await gained(async () => {
          await upload('killed.csv', content);
          await untilAccount('killed.csv', (account) => account.loaded > 0);
          process.kill(await stack.functionsPid(), 'SIGKILL');
          await untilComplete('killed.csv');
        });

        expect(gain).toEqual({ EMS: BigInt(rows * 3) });
        await expectTotalsToBeSums();
      },
      LIMIT_MS,
    );
  });

  describe('changes', () => {
    test(
      'snapshot, single changes, bulk changes and a roll-back: B holds what A holds',
      async () => {
        const result = await demonstrateChanges(
          { source: endpoints.sourceDatabaseUrl, target: endpoints.targetDatabaseUrl },
          () => {},
        );

        process.stdout.write(`milliseconds from commit in A to visible in B: ${JSON.stringify(result.latencyMs)}\n`);
        const { deadLetters } = await readKafkaStatus(endpoints.kafka.brokers);
        expect(deadLetters.find(({ topic }) => topic === 'employee-changes.dead-letter')?.records).toBe(0);
      },
      LIMIT_MS,
    );

    test(
      'a new snapshot takes out of B what A does not have, and says how far it is',
      async () => {
        await target.query(`insert into employees (emp_id, first_name) values (777777, 'nobody in A')`);

        const { code, said } = await runCommand('resnapshot', ['--yes', '--directory', stack.directory]);

        expect(said).toMatch(/Asked for.*begun.*published/s);
        expect(code).toBe(0);
        while ((await target.query('select from employees where emp_id = 777777')).rowCount !== 0) await delay(20);
      },
      LIMIT_MS,
    );

    test(
      'a new snapshot is not begun when nobody says yes, nor where no stack runs',
      async () => {
        expect(await runCommand('resnapshot', ['--directory', stack.directory])).toEqual({
          code: 0,
          said: expect.stringContaining('Nothing was done'),
        });
        expect(await runCommand('resnapshot', ['--yes', '--directory', join(stack.directory, 'nowhere')])).toEqual({
          code: 1,
          said: expect.stringContaining('No stack is ready'),
        });
      },
      LIMIT_MS,
    );
  });
}
