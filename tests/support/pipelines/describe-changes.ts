import { join } from 'node:path';
import pg from 'pg';
import { demonstrateChanges } from '../../../localstack/commands/demo/changes.ts';
import { readKafkaStatus } from '../../../localstack/commands/status/kafka-status.ts';
import { databaseUserOf } from '../database-user.ts';
import { eventually } from '../eventually.ts';
import { LIMIT_MS, type PipelineRun } from './pipeline-run.ts';
import { runCommand, runJsonCommand } from './run-command.ts';

export function describeChanges(run: () => PipelineRun): void {
  describe('changes', () => {
    test(
      'snapshot, single changes, bulk changes and a rollback: B has the same employees as A, and the status says so',
      async () => {
        const { sourceDatabaseUrl: source, targetDatabaseUrl: target, kafka } = run().endpoints;

        const result = await demonstrateChanges({ source, target }, () => {});

        process.stdout.write(
          `latency from the commit in A until visible in B: ${JSON.stringify(result.latencyMs)} ms\n`,
        );
        const { deadLetters } = await readKafkaStatus(kafka.brokers);
        expect(deadLetters.find(({ topic }) => topic === 'employee-changes.dead-letter')?.records).toBe(0);
        const { output } = await runCommand('status/status', ['--directory', run().stack.directory]);
        expect(output).toMatch(/^● .*CHANGES +lag .* p50 .* p99 .* max .*poller streaming\nREPLICA /s);
      },
      LIMIT_MS,
    );

    test(
      'metrics and history have the latency of the changes',
      async () => {
        const { endpoints, target } = run();
        const isMeasured = async () => {
          const metrics = await (await fetch(endpoints.metricsUrl)).text();
          return (
            /^employee_streams_change_latency_p99_seconds_count\{service="apply-changes",.*\} [1-9]/m.test(metrics) &&
            /^event_source_mapping_committed_events_total\{mapping="ApplyDashchanges.*"\} [1-9]/m.test(metrics)
          );
        };
        await eventually(isMeasured, { what: 'the latency of changes among the metrics', withinMs: LIMIT_MS });
        const { rows } = await target.query(`select p99_ms, records from pipeline_history('apply-changes', 900, null)`);
        expect(rows).toEqual([{ p99_ms: expect.any(Number), records: expect.stringMatching(/^[1-9]\d*$/) }]);
      },
      LIMIT_MS,
    );

    test(
      'the functions are signed in to the databases as their own roles',
      async () => {
        const { endpoints, target } = run();
        const source = new pg.Client({ connectionString: endpoints.sourceDatabaseUrl });
        await source.connect();
        const signedIn = [
          [source, 'poll-changes'],
          [target, 'apply-changes'],
          [target, 'watch-replica'],
        ] as const;
        for (const [database, name] of signedIn) {
          const usesItsRole = async () => {
            const { rows } = await database.query<{ usename: string }>(
              'select distinct usename from pg_stat_activity where application_name = $1',
              [name],
            );
            return rows.map(({ usename }) => usename).join() === databaseUserOf(name);
          };
          await eventually(usesItsRole, { what: `${name} signed in as its own role only`, withinMs: LIMIT_MS });
        }
        await source.end();
      },
      LIMIT_MS,
    );

    test(
      'resnapshot deletes from B what A does not have, and reports its progress',
      async () => {
        const { target, stack } = run();
        await target.query(`insert into employees (emp_id, first_name) values (777777, 'only in B')`);

        const { code, output } = await runCommand('resnapshot', ['--yes', '--directory', stack.directory]);

        expect(output).toMatch(/Snapshot requested.*Snapshot started.*Snapshot published/s);
        expect(code).toBe(0);
        const isDeleted = async () =>
          (await target.query('select from employees where emp_id = 777777')).rowCount === 0;
        await eventually(isDeleted, { what: 'B without the employee that A does not have', withinMs: LIMIT_MS });
      },
      LIMIT_MS,
    );

    test(
      'verify finds rows that were changed in B, says why, corrects them after --yes, and then finds nothing',
      async () => {
        const { target, stack } = run();
        const directory = ['--directory', stack.directory];
        const keys = (await target.query<{ emp_id: number }>('select emp_id from employees order by 1 limit 2')).rows;
        const [edited, deleted] = keys.map(({ emp_id }) => emp_id);
        await target.query(`update employees set city = 'edited' where emp_id = $1`, [edited]);
        await target.query('delete from employees where emp_id = $1', [deleted]);
        await target.query(`insert into employees (emp_id, first_name) values (888888, 'only in B')`);

        const { code, result } = await runJsonCommand('verify/verify', directory);
        expect(code).toBe(1);
        expect(result).toMatchObject({
          employees: {
            ...{ missing: 1, extra: 1, different: 1, unsettled: 0 },
            causes: { 'edited-in-target': 2, 'came-in-by-another-way': 1 },
          },
          obstacles: [],
        });
        expect(await runCommand('verify/verify', ['--repair', '--dry-run', ...directory])).toEqual({
          code: 1,
          output: expect.stringContaining('--repair would capture 2 rows again and 1 deletion'),
        });
        expect(await runCommand('verify/verify', ['--repair', ...directory])).toMatchObject({ code: 2 });

        expect(await runCommand('verify/verify', ['--repair', '--yes', ...directory])).toEqual({
          code: 0,
          output: expect.stringMatching(/● well.*2 rows captured again, 1 deletion captured/s),
        });
        expect(await runCommand('verify/verify', directory)).toMatchObject({ code: 0 });
      },
      LIMIT_MS,
    );

    test(
      'resnapshot does nothing without confirmation, refuses a wrong option, and fails where no stack runs',
      async () => {
        const { directory } = run().stack;
        expect(await runCommand('resnapshot', ['--directory', directory])).toEqual({
          code: 2,
          output: expect.stringContaining('call npm run resnapshot -- --yes'),
        });
        expect(await runCommand('resnapshot', ['--yse', '--directory', directory])).toEqual({
          code: 2,
          output: "Unknown option '--yse'. Did you mean --yes?\nThe options are in: npm run resnapshot -- --help\n",
        });
        expect(await runCommand('resnapshot', ['--yes', '--directory', join(directory, 'nowhere')])).toEqual({
          code: 1,
          output: expect.stringContaining('No stack is ready'),
        });
      },
      LIMIT_MS,
    );
  });
}
