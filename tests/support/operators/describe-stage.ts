import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { putIntoBucket } from '../../../localstack/commands/bucket.ts';
import { eventually } from '../eventually.ts';
import { LIMIT_MS, type PipelineRun } from '../pipelines/pipeline-run.ts';
import { runCommand, runJsonCommand } from '../pipelines/run-command.ts';

const BAD_FILE = 'with-a-bad-row.csv';
const CSV = 'Department,Department-Division,Position Title,Initial Hire Date,Salary\nEMS,d,t,2015-01-01,7\n';

/** What moves while nothing happens: ages, and figures of the last seconds. */
interface Status {
  readonly verdict: string;
  readonly attention: readonly { readonly code: string; readonly subject: string }[];
  readonly totals: object;
  readonly files: object;
  readonly deadLetterCodes: object;
  readonly agreement: object;
  readonly lags: readonly { readonly group: string; readonly lag: number }[];
}

/**
 * The commands with `--stage`, whose requests to AWS go to the endpoints of the running stack: each answers what the same
 * command answers without it.
 */
export function describeStage(getRun: () => PipelineRun): void {
  describe('a command with --stage', () => {
    const environment = () => {
      const { lambda, s3 } = getRun().endpoints;
      return {
        ...{ AWS_ENDPOINT_URL_LAMBDA: lambda.endpoint, AWS_ENDPOINT_URL_S3: s3.endpoint, AWS_REGION: s3.region },
        ...{ AWS_ACCESS_KEY_ID: s3.accessKeyId, AWS_SECRET_ACCESS_KEY: s3.secretAccessKey },
      };
    };
    const onStage = (command: string, ...args: string[]) =>
      runCommand(command, [...args, '--stage', 'local'], environment());
    const local = (command: string, ...args: string[]) =>
      runCommand(command, [...args, '--directory', getRun().stack.directory]);
    /** The answers of both, one right after the other. */
    const both = async <T>(command: string, ...args: string[]) => {
      const [there, here] = await Promise.all([
        runJsonCommand<T>(command, [...args, '--stage', 'local'], environment()),
        runJsonCommand<T>(command, [...args, '--directory', getRun().stack.directory]),
      ]);
      return { there, here };
    };

    beforeAll(async () => {
      const { s3 } = getRun().endpoints;
      await putIntoBucket(s3, BAD_FILE, Readable.from([`${CSV}EMS,d,t,2015-01-01,1e5\n`]));
      const isThere = async () =>
        (await getRun().target.query('select from dead_letter where file_key = $1', [BAD_FILE])).rowCount === 1;
      await eventually(isThere, { what: 'a dead letter', withinMs: LIMIT_MS });
    }, LIMIT_MS);

    test(
      'shows the same status',
      async () => {
        const comparable = ({ code, result }: { code: number | null; result: Status }) => {
          const { verdict, attention, totals, files, deadLetterCodes, agreement } = result;
          const subjects = attention.map((each) => [each.code, each.subject]);
          const lags = result.lags.filter(({ group }) => ['apply-changes', 'load-salaries'].includes(group));
          return { code, verdict, subjects, totals, files, deadLetterCodes, agreement, lags };
        };
        // The schedules of the stack may change something between the two answers.
        await eventually(
          async () => {
            const { there, here } = await both<Status>('status/status');
            expect(comparable(there)).toEqual(comparable(here));
            expect(comparable(there)).toMatchObject({ code: 1, verdict: 'attention' });
            return true;
          },
          { what: 'the same status', withinMs: LIMIT_MS, everyMs: 500 },
        );
        const { output } = await onStage('status/status');
        expect(output).toContain('npm run dead-letters -- --stage local');
      },
      LIMIT_MS,
    );

    test(
      'lists, shows and discards the same dead letters, and would redrive the same ones',
      async () => {
        const list = await both<{ deadLetters: { id: string }[]; counts: object[] }>(
          'dead-letters/dead-letters',
          'list',
        );
        expect(list.there).toEqual(list.here);
        const [first] = list.here.result.deadLetters;
        if (first === undefined) throw new Error('Expected an open dead letter, found none.');
        const shown = await both<object>('dead-letters/dead-letters', 'show', first.id);
        expect(shown.there).toEqual(shown.here);
        expect(shown.there.result).toMatchObject({ id: first.id, envelope: { code: expect.any(String) } });

        const planned = await both<object>('redrive/redrive', '--dry-run');
        expect(planned.there).toEqual(planned.here);
        expect(planned.there.result).toMatchObject({ counts: expect.arrayContaining([expect.anything()]) });

        expect(await onStage('dead-letters/dead-letters', 'discard', first.id)).toMatchObject({
          ...{ code: 2, output: expect.stringMatching(/on stage local\?".* -- discard ID --yes --stage local/) },
        });
        expect(await onStage('dead-letters/dead-letters', 'discard', first.id, '--yes')).toEqual({
          ...{ code: 0, output: `Discarded ${first.id}.\n` },
        });
        expect((await local('dead-letters/dead-letters', 'list')).output).not.toContain(first.id);
      },
      LIMIT_MS,
    );

    test(
      'verifies, uploads a file and publishes a snapshot',
      async () => {
        type Verified = { verdict: string; employees: { rows: number; missing: number }; salaries: object };
        // The first snapshot may still be under way.
        const { there, here } = await eventually(
          async () => {
            const answers = await both<Verified>('verify/verify');
            return answers.here.code === 0 && answers.there.code === 0 && answers;
          },
          { what: 'both databases to agree', withinMs: LIMIT_MS, everyMs: 1_000 },
        );
        expect([there.code, there.result.employees.rows, there.result.salaries]).toEqual([
          ...[here.code, here.result.employees.rows, here.result.salaries],
        ]);
        expect(there.result).toMatchObject({ verdict: 'well', employees: { missing: 0 } });

        const file = join(getRun().stack.directory, 'through-the-stage.csv');
        writeFileSync(file, CSV);
        expect(await onStage('upload', file)).toMatchObject({
          ...{
            code: 0,
            output: expect.stringContaining('to s3://employee-streams-local-salaries/through-the-stage.csv'),
          },
        });
        const isLoaded = async () =>
          (
            await getRun().target.query(
              `select from ingested_file where key = 'through-the-stage.csv' and state = 'complete'`,
            )
          ).rowCount === 1;
        await eventually(isLoaded, { what: 'the uploaded file in the tables', withinMs: LIMIT_MS });

        expect(await onStage('resnapshot')).toMatchObject({
          ...{ code: 2, output: expect.stringContaining('source database on stage local again') },
        });
        expect(await onStage('resnapshot', '--yes')).toMatchObject({
          ...{ code: 0, output: expect.stringContaining('Snapshot published') },
        });
        expect(await onStage('provision')).toEqual({ code: 0, output: 'Everything was there already.\n' });
        // It refuses while the snapshot is being applied.
        await eventually(
          async () => {
            const { output } = await onStage('provision', '--raise-partitions', '--yes');
            expect(output).toBe('The topics have as many partitions as TOPIC_PARTITIONS says.\n');
            return true;
          },
          { what: 'that nothing waits', withinMs: LIMIT_MS, everyMs: 500 },
        );
      },
      LIMIT_MS,
    );

    test('says that there is no such stage, in one line', async () => {
      for (const command of ['status/status', 'redrive/redrive', 'verify/verify', 'resnapshot', 'provision']) {
        const args = ['--stage', 'nowhere', ...(command === 'resnapshot' ? ['--yes'] : [])];
        const { code, output } = await runCommand(command, args, environment());
        expect([command, code, output.trim().split('\n')]).toEqual([
          ...[
            command,
            1,
            [expect.stringMatching(/^There is no stage nowhere in region \S+: check --stage and --region/)],
          ],
        ]);
      }
    });
  });
}
