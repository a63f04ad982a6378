import { Readable } from 'node:stream';
import { putIntoBucket } from '../../../localstack/commands/bucket.ts';
import { withDatabase } from '../../../localstack/commands/with-database.ts';
import { eventually } from '../eventually.ts';
import { LIMIT_MS, type PipelineRun } from './pipeline-run.ts';
import { runCommand } from './run-command.ts';

interface Listed {
  readonly deadLetters: readonly { readonly id: string; readonly code: string; readonly recordKey: string | null }[];
  readonly counts: readonly { readonly code: string; readonly count: number }[];
}

export function describeDeadLetters(run: () => PipelineRun): void {
  describe('dead letters', () => {
    const call = (...args: string[]) =>
      runCommand('dead-letters/dead-letters', [...args, '--directory', run().stack.directory]);
    const list = async (...filter: string[]): Promise<Listed> =>
      JSON.parse((await call('list', '--json', ...filter)).output);
    const untilListed = (...filter: string[]) =>
      eventually(
        async () => {
          const [found] = (await list(...filter)).deadLetters;
          return found;
        },
        { what: `a dead letter with ${filter}`, withinMs: LIMIT_MS, everyMs: 500 },
      );

    test(
      'of a change and of a row are listed with their codes, shown with their payload, and discarded',
      async () => {
        const { s3, sourceDatabaseUrl } = run().endpoints;
        await withDatabase(sourceDatabaseUrl, (source) =>
          source.query(`insert into emp_cdc (emp_id, first_name, action) values (4711, 'Ada', 'RENAME')`),
        );
        const header = 'Department,Department-Division,Position Title,Initial Hire Date,Salary\n';
        await putIntoBucket(s3, 'bad salary.csv', Readable.from([`${header}EMS,d,t,2015-01-01,1e5\n`]));

        const change = await untilListed('--key', '4711');
        expect(change).toMatchObject({ code: 'PIPE_CHANGE_ACTION', recordKey: '4711', state: 'open', attempts: 1 });
        const row = await untilListed('--file', 'bad salary.csv', '--since', '1h');
        expect(row).toMatchObject({ id: expect.stringMatching(/\/bad salary\.csv@.+#1$/), file: { row: 1 } });

        expect((await call('show', change.id)).output).toMatch(/state +open\n.*"action":"RENAME"/s);
        expect((await call('show', row.id)).output).toMatch(/EMS,d,t,2015-01-01,1e5$/m);
        expect(await call('list', '--code', 'PIPE_CHANGE_ACTIONS')).toEqual({
          code: 2,
          output: expect.stringContaining('Did you mean PIPE_CHANGE_ACTION?'),
        });

        expect(await call('discard', change.id)).toEqual({ code: 0, output: `Discarded ${change.id}.\n` });
        expect((await list('--key', '4711')).deadLetters).toEqual([]);
        expect((await list('--key', '4711', '--state', 'discarded')).deadLetters).toMatchObject([{ id: change.id }]);
        expect(await call('show', 'no such id')).toMatchObject({ code: 1 });
      },
      LIMIT_MS,
    );
  });
}
