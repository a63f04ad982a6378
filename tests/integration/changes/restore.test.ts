import { execFileSync } from 'node:child_process';
import { mkdtemp, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { LocalStack } from '../../../localstack/stack/local-stack.ts';
import { CdcPipeline } from '../../support/cdc/pipeline.ts';

let directory: string;
let server: LocalStack | undefined;
const pipelines: CdcPipeline[] = [];

async function startServer(): Promise<string> {
  server = new LocalStack({
    directory,
    ports: 'free',
    servers: ['sourceDatabase'],
    onNotice: () => {},
    onFatal: () => {},
  });
  return (await server.start()).sourceDatabaseUrl;
}

beforeEach(async () => {
  directory = await mkdtemp(join(tmpdir(), 'changes-restore-'));
});
afterEach(async () => {
  await Promise.all(pipelines.splice(0).map((pipeline) => pipeline.close()));
  await server?.stop();
  await rm(directory, { recursive: true, force: true });
});

function track(pipeline: CdcPipeline): CdcPipeline {
  pipelines.push(pipeline);
  return pipeline;
}

test('a source restored from a backup is refused; a new snapshot then makes the target equal to it', async () => {
  const before = track(await CdcPipeline.create({ sourceUrl: await startServer() }));
  await before.startApplier();
  let poller = await before.startPoller();
  await before.source.query(`insert into employees (salary) select n from generate_series(1, 100) n`);
  await before.untilConverged();
  await poller.stop();
  await server?.stop();
  // `-a` keeps the owner of the files, which the server checks.
  execFileSync('cp', ['-a', join(directory, 'source'), join(directory, 'copy')]);

  const between = track(before.withSettings({ sourceUrl: await startServer() }, 'new pools'));
  poller = await between.startPoller();
  await between.source.query(`insert into employees (salary) select n from generate_series(1, 50) n`);
  await between.source.query('delete from employees where emp_id < 10');
  await between.untilConverged();
  await poller.stop();
  await server?.stop();
  await rm(join(directory, 'source'), { recursive: true });
  await rename(join(directory, 'copy'), join(directory, 'source'));

  const after = track(before.withSettings({ sourceUrl: await startServer() }, 'new pools'));
  await after.source.query(`update employees set salary = 0 where emp_id = 20`);
  await expect((await after.startPoller()).done).rejects.toMatchObject({ code: 'PIPE_SOURCE_RESTORED' });
  await after.ledger().requestResnapshot('test');
  await after.startPoller();
  await after.untilConverged();
  expect((await after.employees(after.target)).length).toBe(100);
  expect(await after.deadLetters()).toEqual([]);
});

test('a prepared transaction delays no other change, survives a restart, and is applied after its commit', async () => {
  const url = await startServer();
  const admin = new pg.Client({ connectionString: url });
  await admin.connect();
  await admin.query('alter system set max_prepared_transactions = 4');
  await admin.end();
  await server?.stop();

  const before = track(await CdcPipeline.create({ sourceUrl: await startServer() }));
  await before.startApplier();
  const poller = await before.startPoller();
  await before.source.query('insert into employees (salary) select n from generate_series(1, 10) n');
  await before.untilConverged();
  await before.source.query(`begin; update employees set city = 'in doubt' where emp_id < 5;
    insert into employees (emp_id) values (100); prepare transaction 'in doubt'`);
  await before.source.query(`update employees set city = 'meanwhile' where emp_id > 5`);
  await before.untilConverged();
  await poller.stop();
  await server?.stop();

  const after = track(before.withSettings({ sourceUrl: await startServer() }, 'new pools'));
  await after.startPoller();
  await after.source.query('delete from employees where emp_id = 10');
  await after.untilConverged();
  await after.source.query(`commit prepared 'in doubt'`);
  await after.untilConverged();
  const { rows } = await after.target.query(`select count(*)::integer as late from employees where city = 'in doubt'`);
  expect(rows).toEqual([{ late: 4 }]);
  expect(await after.deadLetters()).toEqual([]);
});
