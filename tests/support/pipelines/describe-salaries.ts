import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { sampleCsv } from '../../../localstack/commands/sample-csv.ts';
import { FunctionInvoker } from '../../../localstack/stack/service/function-invoker.ts';
import { LIMIT_MS, type PipelineRun } from './pipeline-run.ts';
import { runCommand, runJsonCommand } from './run-command.ts';
import { SalaryResults } from './salary-results.ts';

const REAL_FILE = resolve(import.meta.dirname, '../../../../shared/data/Employee_Salaries.csv');
const HEADER = 'Department,Department-Division,Position Title,Initial Hire Date,Salary\n';

export function describeSalaries(run: () => PipelineRun): void {
  describe('salaries', () => {
    let results: SalaryResults;

    beforeAll(() => {
      const { endpoints, target } = run();
      results = new SalaryResults(endpoints, target, LIMIT_MS);
    });

    if (existsSync(REAL_FILE)) {
      test(
        'the real file has its known totals',
        async () => {
          const content = await readFile(REAL_FILE, 'utf8');
          await results.upload('warm-up.csv', HEADER);
          await results.untilComplete('warm-up.csv');

          const startedAt = performance.now();
          const added = await results.added(async () => {
            await results.upload('Employee_Salaries.csv', content);
            await results.untilComplete('Employee_Salaries.csv');
          });

          expect(added).toEqual({ EMS: 3_779_570n, CIT: 9_102_142n, ECC: 2_042_698n });
          process.stdout.write(`the real file took ${Math.round(performance.now() - startedAt)} ms\n`);
        },
        LIMIT_MS,
      );
    } else {
      process.stdout.write(`skipped: the real file is not at ${REAL_FILE}\n`);
    }

    test(
      'the sample with all edge cases has the totals that were counted while it was generated',
      async () => {
        const sample = sampleCsv();
        const key = 'sample with + and %41 ü.csv';

        const added = await results.added(async () => {
          await results.upload(key, sample.csv);
          await results.untilComplete(key);
        });

        expect(added).toEqual(Object.fromEntries(sample.totals));
        expect(await results.untilComplete(key)).toEqual({
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
      'versions A, B and A again of one key leave the totals of A',
      async () => {
        const a = `${HEADER}EMS,d,t,2015-01-01,100\nEMS,d,t,2015-01-01,100\n`;
        const b = `${HEADER}ECC,d,t,2015-01-01,7\n`;
        const key = 'replaced.csv';
        const put = (content: string, version: number) =>
          results.added(() => results.upload(key, content).then(() => results.untilComplete(key, version)));

        expect(await put(a, 1)).toEqual({ EMS: 200n });
        expect(await put(b, 2)).toEqual({ EMS: -200n, ECC: 7n });
        expect(await put(a, 3)).toEqual({ EMS: 200n, ECC: -7n });
        expect(await results.wrongTotals()).toEqual([]);
      },
      LIMIT_MS,
    );

    test(
      'an unusable version is rejected and leaves the previous version in place',
      async () => {
        const key = 'unusable.csv';
        await results.upload(key, `${HEADER}CIT,d,t,2015-01-01,5\n`);
        await results.untilComplete(key);

        const added = await results.added(async () => {
          await results.upload(key, `${HEADER}CIT,"never closed,t,2015-01-01,9\n`);
          await results.untilAccount(key, ({ state }) => state === 'rejected');
        });

        expect(added).toEqual({});
      },
      LIMIT_MS,
    );

    test(
      'each of 200 one-row files that arrive at once is transformed once',
      async () => {
        const keys = Array.from({ length: 200 }, (_, index) => `burst-${index}.csv`);

        const added = await results.added(async () => {
          await Promise.all(keys.map((key) => results.upload(key, `${HEADER}CIT,d,t,2015-01-01,1\n`)));
          for (const key of keys) await results.untilComplete(key);
        });

        expect(added).toEqual({ CIT: 200n });
        const log = await readFile(join(run().stack.directory, 'logs', 'functions.log'), 'utf8');
        const transforms = log.split('\n').filter((line) => line.includes('"file transformed"') && /burst-/.test(line));
        expect(transforms.length).toBeGreaterThanOrEqual(200);
        expect(transforms.length).toBeLessThanOrEqual(220);
      },
      LIMIT_MS,
    );

    test(
      'a file is complete and counted once although the functions are killed while it loads',
      async () => {
        const rowCount = 60_000;
        const content = HEADER + 'EMS,division,title,2015-01-01,3\n'.repeat(rowCount);

        const added = await results.added(async () => {
          await results.upload('killed.csv', content);
          await results.untilAccount('killed.csv', ({ loaded }) => loaded > 0);
          process.kill(await run().stack.functionsPid(), 'SIGKILL');
          await results.untilComplete('killed.csv');
        });

        expect(added).toEqual({ EMS: BigInt(rowCount * 3) });
        expect(await results.wrongTotals()).toEqual([]);
      },
      LIMIT_MS,
    );

    test(
      'verify finds a total and rows that were changed by hand, and with --repair both are as before',
      async () => {
        const key = 'verified.csv';
        const { target, stack, endpoints } = run();
        const directory = ['--directory', stack.directory];
        const added = await results.added(async () => {
          await results.upload(key, `${HEADER}${'EMS,division,title,2015-01-01,3\n'.repeat(10)}`);
          await results.untilComplete(key);
          await target.query(
            `delete from department_employee where row_number > 4
               and file_id = (select file_id from ingested_file where key = $1)`,
            [key],
          );
          await target.query(`update department_employee_salary set total_salary = 1 where department = 'ECC'`);
          const { code, result } = await runJsonCommand<{
            salaries: { findings: { kind: string; subject: string }[] };
          }>('verify/verify', directory);
          expect([code, ...result.salaries.findings.map(({ kind, subject }) => `${kind} ${subject}`)]).toEqual([
            ...[1, 'total ECC', 'total EMS', `file ${key}`],
          ]);
          expect(await runCommand('verify/verify', ['--repair', '--yes', '--deep', ...directory])).toEqual({
            code: 0,
            output: expect.stringContaining('2 totals computed again, 1 file to be loaded again'),
          });
          expect(await results.wrongTotals()).toEqual([]);
          // Its schedule would do so within a minute.
          await new FunctionInvoker(endpoints.lambda.endpoint).invoke('employee-streams-local-reconcile-bucket', {});
          await results.untilComplete(key);
        });
        expect(added).toEqual({ EMS: 30n });
        expect(await runCommand('verify/verify', ['--deep', ...directory])).toMatchObject({ code: 0 });
      },
      LIMIT_MS,
    );
  });
}
