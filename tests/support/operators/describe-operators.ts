import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { withDatabase } from '../../../localstack/commands/with-database.ts';
import { FunctionInvoker } from '../../../localstack/stack/service/function-invoker.ts';
import { findBarriers, launchChromium, visit } from '../browser/audit-page.ts';
import { eventually } from '../eventually.ts';
import { KafkaConsole } from '../kafka-tools/kafka-console.ts';
import { LIMIT_MS, type PipelineRun } from '../pipelines/pipeline-run.ts';
import { runCommand, runJsonCommand } from '../pipelines/run-command.ts';
import { SalaryResults } from '../pipelines/salary-results.ts';
import { OlderCode } from './older-code.ts';
import { FILES, HEADER, NEGATIVE, type Planted, PlantedFailures, REFUSED } from './planted-failures.ts';

/** Set it to a directory to get a picture of each page in each look. */
const SCREENSHOTS = process.env['PAGE_SCREENSHOTS'];

const LOOKS = (['light', 'dark'] as const).flatMap((scheme) => [360, 1_280].map((width) => [scheme, width] as const));
/** Their records fail again however often they are redriven. */
const HOPELESS = [
  ...['PIPE_CHANGE_ACTION', 'PIPE_CHANGE_FIELD', 'PIPE_CHANGE_KEY', 'PIPE_CHANGE_UNREADABLE', 'noNegativeEmpId'],
  ...[
    'PIPE_DEAD_LETTER_CUT',
    'PIPE_DEAD_LETTER_EDITED',
    'PIPE_DEAD_LETTER_ROW',
    'PIPE_SALARY_RECORD',
    'PIPE_UNKNOWN_FILE',
  ],
];

/** Each scheme and each width once. In the other looks only the home page is audited. */
const ALL_PAGES = ['light 360', 'dark 1280'];

/** Every kind of failure from its beginning to its end: seen, its cause mended, redriven, and both sides agree. */
export function describeOperators(getRun: () => PipelineRun): void {
  describe('failures that operators mend', () => {
    let planted: PlantedFailures;
    let browser: Browser;
    let page: Page;
    let errors: readonly string[];

    beforeAll(async () => {
      planted = new PlantedFailures(getRun());
      browser = await launchChromium();
      await planted.plant();
      ({ page, errors } = await visit(browser, url()));
    }, LIMIT_MS);

    afterAll(async () => {
      await browser?.close();
      await planted.close();
    });

    const url = (path = '/') => new URL(path, getRun().endpoints.dashboardUrl ?? '').href;
    const call = (command: string, ...args: string[]) =>
      runCommand(command, [...args, '--directory', getRun().stack.directory]);
    const idOf = async (failure: Omit<Planted, 'payload'>) => (await planted.find(failure))?.id ?? '';
    const pathOf = async (failure: Omit<Planted, 'payload'>) =>
      `/dead-letter?id=${encodeURIComponent(await idOf(failure))}`;

    const redrive = (...args: string[]) =>
      runJsonCommand<{ redrive: object }>('redrive/redrive', [...args, '--directory', getRun().stack.directory]);
    const isInTarget = async (empId: number) =>
      (await getRun().target.query('select from employees where emp_id = $1', [empId])).rowCount === 1;

    test(
      'each is counted by the status and on the page, and its own page shows its payload as text',
      async () => {
        const { rows: counted } = await getRun().target.query<{ code: string; open: number }>(
          `select code, count(*)::integer as open from dead_letter where state = 'open' group by code order by code`,
        );
        const { code, result: status } = await runJsonCommand<{
          attention: { code: string }[];
          deadLetterCodes: typeof counted;
        }>('status/status', ['--directory', getRun().stack.directory]);
        expect(code).toBe(1);
        expect(status.attention.map((each) => each.code)).toContain('PIPE_DEAD_LETTERS');
        expect(status.deadLetterCodes.map((each) => [each.code, each.open]).sort()).toEqual(
          counted.map((each) => [each.code, each.open]),
        );

        await page.goto(url());
        // More than a phone has room for are folded away.
        await page.locator('#dead-letters summary').click();
        for (const { code: name, open } of counted) {
          const item = page.locator('#dead-letters li', { has: page.getByRole('link', { name, exact: true }) });
          expect(await item.textContent()).toContain(`${open} open`);
          expect(await item.locator('.sample').textContent()).not.toBe('');
        }
        for (const failure of planted.all) {
          await page.goto(url(await pathOf(failure)));
          expect(await page.textContent('main')).toContain(failure.code);
          if (failure.payload === null) expect(await page.textContent('main')).toContain('a whole file');
          else expect(await page.textContent('pre')).toContain(failure.payload);
          expect(await page.locator('main :is(img, script)').count()).toBe(0);
        }
        expect(errors).toEqual([]);
      },
      LIMIT_MS,
    );

    test.each(LOOKS)(
      'the pages about them have no barrier: %s, %d px',
      async (colorScheme, width) => {
        const deadLetter = await pathOf({ code: 'PIPE_ROW_SALARY', at: { file: FILES.rows, row: 3 } });
        const paths = { home: '/', 'dead-letter': deadLetter, redrive: '/redrive?code=PIPE_CHANGE_REFUSED' };
        const viewport = { width, height: 800 };
        const { page: look } = await visit(browser, url(), { colorScheme, viewport });
        for (const [name, path] of Object.entries(paths)) {
          if (name !== 'home' && !ALL_PAGES.includes(`${colorScheme} ${width}`) && !SCREENSHOTS) continue;
          await look.goto(url(path));
          if (SCREENSHOTS) {
            await mkdir(SCREENSHOTS, { recursive: true });
            await look.screenshot({ path: join(SCREENSHOTS, `${name}-${colorScheme}-${width}.png`), fullPage: true });
          }
          expect([name, await findBarriers(look)]).toEqual([name, []]);
          expect([name, await look.evaluate('document.documentElement.scrollWidth')]).toEqual([name, width]);
        }
        await look.context().close();
      },
      LIMIT_MS,
    );

    test(
      'a dead letter that the console tools of Kafka have copied back is applied',
      async () => {
        await planted.mend();
        const { kafka } = getRun().endpoints;
        const place = await planted.find({ code: 'PIPE_CHANGE_REFUSED', at: { key: String(REFUSED.byConsole) } });
        if (place === undefined) throw new Error('Expected the dead letter of an employee, found none.');
        const tools = new KafkaConsole(kafka.brokers);
        const line = await tools.read(place);
        expect(line).toContain(`dlq.id:${place.id}`);
        await tools.write('employee-changes', line);
        await eventually(() => isInTarget(REFUSED.byConsole), { what: 'the employee in B', withinMs: LIMIT_MS });
        expect(await isInTarget(REFUSED.byPage)).toBe(false);
      },
      LIMIT_MS,
    );

    test(
      'what has a mended cause is redriven on the page and by the command, and what has none fails again',
      async () => {
        await page.goto(url());
        await page.getByRole('link', { name: 'Redrive the dead letters with code PIPE_CHANGE_REFUSED' }).click();
        await page.getByLabel('Note').fill('the constraint is gone');
        await page.getByRole('button', { name: 'Redrive 4' }).click();
        await page.getByRole('heading', { name: 'the constraint is gone' }).waitFor();
        await page.getByText('complete', { exact: true }).waitFor({ timeout: LIMIT_MS });
        expect(await page.locator('.figure', { hasText: 'Resolved' }).textContent()).toContain('4');
        for (const empId of Object.values(REFUSED)) expect([empId, await isInTarget(empId)]).toEqual([empId, true]);

        const refused = await redrive('--file', FILES.refused, '--note', 'mended', '--yes');
        expect(refused).toMatchObject({
          ...{ code: 0, result: { redrive: { claimed: 1, resolved: 1, failed: 0, refused: 0 } } },
        });

        // What is wrong in itself, and a change that still violates a rule. A record that is no dead letter is refused.
        expect(await redrive('--yes')).toMatchObject({ code: 1, result: { redrive: { resolved: 0, refused: 1 } } });
        const { rows } = await getRun().target.query<{ code: string; attempts: number }>(
          `select code, attempts from dead_letter where state = 'open'`,
        );
        for (const code of HOPELESS) expect(rows).toContainEqual({ code, attempts: 2 });
        expect(errors).toEqual([]);
      },
      LIMIT_MS,
    );

    test(
      'a row and a file that an older version has rejected are loaded, and newer versions of the file count alone',
      async () => {
        const results = new SalaryResults(getRun().endpoints, getRun().target, LIMIT_MS);
        const older = new OlderCode(getRun());
        const content = `${HEADER}EMS,d,a,2015-01-01,1\nEMS,d,b,2015-01-01,20\nEMS,d,c,2015-01-01,300\n`;
        const [rowKey, fileKey] = ['planted/older-row.csv', 'planted/older-file.csv'];
        const upload = async (key: string, text: string, versions: number) => {
          await planted.upload(key, text);
          return results.untilComplete(key, versions);
        };
        const added = await results.added(async () => {
          await Promise.all([rowKey, fileKey].map((key) => upload(key, content, 1)));
          await older.rejectRow(rowKey, content, 2);
          await older.rejectFile(fileKey);
          await eventually(async () => {
            const { rowCount } = await getRun().target.query(
              `select from dead_letter where file_key = any ($1) and state = 'open'`,
              [[rowKey, fileKey]],
            );
            return rowCount === 2;
          });
        });
        expect(added).toEqual({ EMS: 301n });
        expect(await results.wrongTotals()).toEqual([]);
        const redriven = await results.added(async () => {
          for (const key of [rowKey, fileKey]) {
            expect(await call('redrive/redrive', '--file', key, '--yes')).toMatchObject({ code: 0 });
          }
        });
        expect(redriven).toEqual({ EMS: 341n });
        const account = { state: 'complete', read: 3, filtered_out: 0, rejected: 0, sent: 3, loaded: 3 };
        for (const key of [rowKey, fileKey]) expect(await results.untilComplete(key)).toEqual(account);

        const sameBytes = await results.added(async () => {
          await planted.upload(rowKey, content);
          await eventually(async () => {
            const { rowCount } = await getRun().target.query(
              `select from ingested_file where key = $1 and state = 'unchanged'`,
              [rowKey],
            );
            return rowCount === 1;
          });
        });
        expect(sameBytes).toEqual({});
        expect(await results.added(() => upload(rowKey, `${content}EMS,d,d,2015-01-01,4000\n`, 2))).toEqual({
          EMS: 4_000n,
        });
        expect(await results.wrongTotals()).toEqual([]);
      },
      LIMIT_MS,
    );

    test(
      'what can never succeed is discarded; then both sides agree and all is well',
      async () => {
        const { endpoints, target } = getRun();
        await withDatabase(endpoints.sourceDatabaseUrl, (source) =>
          source.query('delete from employees where emp_id = $1', [NEGATIVE]),
        );
        const { rows: files } = await target.query<{ key: string }>(
          `select distinct key from dead_letter join ingested_file as file
             on (bucket, key, version) = (file_bucket, file_key, file_version)
           where pending and file.state in ('complete', 'rejected')`,
        );
        for (const { key } of files) await planted.upload(key, HEADER);
        const waiting = async () => {
          await new FunctionInvoker(endpoints.lambda.endpoint).invoke('employee-streams-local-redrive', {});
          return (
            await target.query<{ id: string; key: string | null }>(
              `select dlq_id as id, file_key as key from dead_letter where pending`,
            )
          ).rows;
        };
        const left = await eventually(
          async () => {
            const found = await waiting();
            return !found.some(({ key }) => files.some((file) => file.key === key)) && found;
          },
          { what: 'the files to replace those that failed', withinMs: LIMIT_MS, everyMs: 500 },
        );
        expect(left.length).toBeGreaterThanOrEqual(HOPELESS.length);
        const discarded = await call('dead-letters/dead-letters', 'discard', '--yes', ...left.map(({ id }) => id));
        expect(discarded).toEqual({ code: 0, output: left.map(({ id }) => `Discarded ${id}.\n`).join('') });

        // A server that does not answer in time on a busy machine is reported, and not the next time.
        const untilWell = (command: string, output: string) =>
          eventually(
            async () => {
              expect(await call(command)).toMatchObject({ code: 0, output: expect.stringContaining(output) });
              return true;
            },
            { what: `exit code 0 of ${command}`, withinMs: LIMIT_MS, everyMs: 1_000 },
          );
        await untilWell('verify/verify', '● well');
        await untilWell('status/status', 'All is well');
        await page.goto(url());
        await page.getByRole('heading', { name: 'All is well' }).waitFor();
      },
      LIMIT_MS,
    );
  });
}
