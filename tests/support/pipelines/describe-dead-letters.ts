import { Readable } from 'node:stream';
import { putIntoBucket } from '../../../localstack/commands/bucket.ts';
import { withDatabase } from '../../../localstack/commands/with-database.ts';
import { eventually } from '../eventually.ts';
import { LIMIT_MS, type PipelineRun } from './pipeline-run.ts';
import { runCommand, runJsonCommand } from './run-command.ts';

interface Listed {
  readonly deadLetters: readonly { readonly id: string; readonly code: string; readonly recordKey: string | null }[];
  readonly counts: readonly { readonly code: string; readonly count: number }[];
}

export function describeDeadLetters(run: () => PipelineRun): void {
  describe('dead letters', () => {
    const call = (...args: string[]) =>
      runCommand('dead-letters/dead-letters', [...args, '--directory', run().stack.directory]);
    const list = async (...filter: string[]): Promise<Listed> => {
      const args = ['list', ...filter, '--directory', run().stack.directory];
      return (await runJsonCommand<Listed>('dead-letters/dead-letters', args)).result;
    };
    /** The command lists it once the table has it: each call of the command starts a process. */
    const listed = async (condition: string, ...filter: string[]): Promise<Listed['deadLetters'][number]> => {
      const query = `select from dead_letter where ${condition}`;
      const isThere = async () => ((await run().target.query(query)).rowCount ?? 0) > 0;
      await eventually(isThere, { what: `a dead letter with ${condition}`, withinMs: LIMIT_MS });
      const [found] = (await list(...filter)).deadLetters;
      if (found === undefined) throw new Error(`Expected a dead letter in the list for ${filter}, but it is empty.`);
      return found;
    };

    test(
      'of a change and of a row are listed with their codes, shown with their payload, and discarded',
      async () => {
        const { s3, sourceDatabaseUrl } = run().endpoints;
        await withDatabase(sourceDatabaseUrl, (source) =>
          source.query(`insert into emp_cdc (emp_id, first_name, action) values (4711, 'Ada', 'RENAME')`),
        );
        const header = 'Department,Department-Division,Position Title,Initial Hire Date,Salary\n';
        await putIntoBucket(s3, 'bad salary.csv', Readable.from([`${header}EMS,d,t,2015-01-01,1e5\n`]));

        const change = await listed(`record_key = '4711'`, '--key', '4711');
        expect(change).toMatchObject({ code: 'PIPE_CHANGE_ACTION', recordKey: '4711', state: 'open', attempts: 1 });
        const row = await listed(`dlq_id like '%/bad salary.csv@%'`, '--file', 'bad salary.csv', '--since', '1h');
        expect(row).toMatchObject({ id: expect.stringMatching(/\/bad salary\.csv@.+#1$/), file: { row: 1 } });

        expect((await call('show', change.id)).output).toMatch(/state +open\n.*"action":"RENAME"/s);
        expect((await call('show', row.id)).output).toMatch(/EMS,d,t,2015-01-01,1e5$/m);
        expect(await call('list', '--code', 'PIPE_CHANGE_ACTIONS')).toEqual({
          code: 2,
          output: expect.stringContaining('Did you mean PIPE_CHANGE_ACTION?'),
        });

        expect(await call('discard', change.id, '--yes')).toEqual({ code: 0, output: `Discarded ${change.id}.\n` });
        expect((await list('--key', '4711')).deadLetters).toEqual([]);
        expect((await list('--key', '4711', '--state', 'discarded')).deadLetters).toMatchObject([{ id: change.id }]);
        expect(await call('show', 'no such id')).toMatchObject({ code: 1 });
      },
      LIMIT_MS,
    );
  });
}
