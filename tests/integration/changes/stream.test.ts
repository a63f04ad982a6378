import { CdcPipeline } from '../../support/cdc/pipeline.ts';
import { eventually } from '../../support/eventually.ts';
import { applyMigrations } from '../../support/migrated-database.ts';

let pipeline: CdcPipeline;
afterEach(() => pipeline.close());

test('the target receives what the source has, and every change after that', async () => {
  pipeline = await CdcPipeline.create();
  await pipeline.source.query(
    `insert into employees (first_name, salary) select 'name ' || n, n from generate_series(1, 12000) as n`,
  );
  await pipeline.startPoller();
  await pipeline.startApplier();
  await pipeline.untilConverged();
  await pipeline.source.query(`
    insert into employees (first_name, dob, city) values ('Zoë', '4713-01-01 BC', null);
    update employees set salary = salary + 1 where emp_id % 7 = 0;
    delete from employees where emp_id % 5 = 0;
    update employees set emp_id = emp_id + 100000 where emp_id < 10`);
  await pipeline.untilConverged();
  expect(await pipeline.deadLetters()).toEqual([]);
});

test('capturing starts in a table with rows under continuous writes, and misses nothing', async () => {
  pipeline = await CdcPipeline.create({ migrateSource: false });
  await pipeline.source.query(`
    create table employees (emp_id serial primary key, first_name varchar(100), last_name varchar(100), dob date,
      city varchar(100), salary int);
    insert into employees (salary) select n from generate_series(1, 2000) n`);
  let written = 0;
  let isStopped = false;
  const write = async (writer: number) => {
    while (!isStopped) {
      const victim = (written * 7) % 2_000;
      await pipeline.source.query(`
        begin; insert into employees (first_name) values ('writer ${writer}');
        update employees set salary = salary + 1 where emp_id = ${victim}; commit;
        delete from employees where emp_id = ${(victim * 13) % 2_000}`);
      written += 1;
    }
  };
  const writers = Promise.all([1, 2, 3, 4].map(write));
  const untilWritten = (more: number) => {
    const enough = written + more;
    return eventually(() => written >= enough, { what: 'the writers' });
  };
  await untilWritten(50);
  await applyMigrations(pipeline.settings.sourceUrl, 'source');
  await untilWritten(50);
  await Promise.all([pipeline.startPoller(), pipeline.startApplier()]);
  await pipeline.untilStreaming();
  await untilWritten(50);
  isStopped = true;
  await writers;
  await pipeline.untilConverged();
  expect(await pipeline.deadLetters()).toEqual([]);
});

test('a ledger entry that is deleted while a poller runs loses nothing, and delays no writer', async () => {
  pipeline = await CdcPipeline.create();
  await pipeline.source.query('insert into employees (salary) select n from generate_series(1, 100) n');
  await Promise.all([pipeline.startPoller(), pipeline.startApplier()]);
  await pipeline.untilConverged();
  const epoch = async () => JSON.parse((await pipeline.ledger().read())?.position ?? '{}').epoch;
  const first = await epoch();
  await pipeline.target.query(`insert into employees (emp_id) values (777777)`);
  await pipeline.deleteLedgerEntry();
  for (let n = 0; n < 20; n += 1) await pipeline.source.query(`update employees set salary = ${n} where emp_id = ${n}`);
  await eventually(
    async () => {
      const now = await epoch();
      return now !== undefined && now !== first;
    },
    { what: 'another snapshot' },
  );
  await pipeline.source.query('delete from employees where emp_id < 5');
  await pipeline.untilConverged();
});
