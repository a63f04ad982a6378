import { once } from 'node:events';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { CdcPipeline } from '../../support/cdc/pipeline.ts';
import { uniqueName } from '../../support/servers.ts';

let pipeline: CdcPipeline;
beforeEach(async () => {
  pipeline = await CdcPipeline.create();
});
afterEach(() => pipeline.close());

const write = (sql: string) => pipeline.source.query(sql);

/** Resolves when the stream has begun, so that the writes of the test are published as changes. */
async function startStreaming(): Promise<void> {
  await write(
    `insert into employees (emp_id, first_name) select n, 'n' || n from generate_series(1, 20) n;
     select setval('employees_emp_id_seq', 1000)`,
  );
  await Promise.all([pipeline.startApplier(), pipeline.startPoller()]);
  await pipeline.untilConverged();
}

async function expectConverged(): Promise<void> {
  await pipeline.untilConverged();
  expect(await pipeline.deadLetters()).toEqual([]);
}

test('the effect of every kind of statement is applied', async () => {
  await startStreaming();
  const client = await pipeline.source.connect();
  const copying = client.query(copyFrom(`copy employees (emp_id, first_name, dob, salary) from stdin`));
  copying.end('100\tcopied\t1999-12-31\t1\n101\t\\N\t\\N\t\\N\n');
  await once(copying, 'finish');
  client.release();
  await write(`
    merge into employees using (values (1, 7), (2000, 8)) as given (id, salary) on emp_id = id
      when matched then update set salary = given.salary
      when not matched then insert (emp_id, salary) values (id, given.salary)`);
  await write(`
    with gone as (delete from employees where emp_id = 2 returning *)
    insert into employees select emp_id + 3000, first_name, last_name, dob, city, salary from gone`);
  await write(
    `insert into employees (emp_id, city) values (3, 'upserted') on conflict (emp_id) do update set city = 'met'`,
  );
  await write(`do $$ begin
      for n in 1..5 loop
        begin
          insert into employees (emp_id, first_name) values (4000 + n, 'kept');
          if n % 2 = 0 then raise exception 'undone'; end if;
        exception when raise_exception then null;
        end;
      end loop;
    end $$`);
  await write(`
    begin; savepoint a; delete from employees where emp_id = 4; savepoint b; delete from employees; rollback to b;
    update employees set salary = 1 where emp_id = 5; release a; commit`);
  await write(`
    begin; update employees set emp_id = 5000 where emp_id = 6; update employees set emp_id = 5001 where emp_id = 5000;
    update employees set emp_id = 6 where emp_id = 5001; commit`);
  await write(`begin; select setval('emp_cdc_cdc_id_seq', 100000); update employees set city = 'gap'; rollback`);
  await write(`update employees set city = 'after the gap' where emp_id > 10`);
  await expectConverged();
});

test('a truncate deletes what was written before it, and nothing that is written after it', async () => {
  await startStreaming();
  await write(`
    begin; insert into employees (emp_id) values (50); truncate employees;
    insert into employees (emp_id, first_name) values (1, 'again'), (51, 'new'); commit`);
  await expectConverged();
  await write('truncate employees restart identity cascade');
  await write(`insert into employees (first_name) values ('the first one again')`);
  await write('begin; truncate employees; rollback');
  await expectConverged();
});

test('employees whose keys are shifted or swapped keep their values', async () => {
  await startStreaming();
  // Rows are updated in the order of their insertion, the greatest key first, so that each new key is free by then.
  await write('insert into employees (emp_id, first_name) values (103, 103), (102, 102), (101, 101)');
  await write(`begin; set local enable_indexscan = off; set local enable_bitmapscan = off;
    update employees set emp_id = emp_id + 1 where emp_id > 100; commit`);
  await expectConverged();
  await write(`alter table employees drop constraint employees_pkey;
    alter table employees add primary key (emp_id) deferrable initially deferred`);
  await write(`update employees set emp_id = emp_id + 1`);
  await expectConverged();
  await write(`update employees set emp_id = case emp_id when 2 then 3 when 3 then 2 end where emp_id in (2, 3)`);
  await expectConverged();
  await write(`begin; update employees set emp_id = 5 where emp_id = 4;
    update employees set emp_id = 4 where first_name = 'n4'; commit`);
  await expectConverged();
  await write(`begin; insert into employees (emp_id, first_name) values (7, 'another seven');
    update employees set salary = 1 where emp_id = 7; delete from employees where first_name = 'n6'; commit`);
  await expectConverged();
  await write(`begin; set local session_replication_role = replica; delete from employees where emp_id = 8; commit`);
  await expectConverged();
});

test('a row that a trigger of the source modifies is applied as the source stores it', async () => {
  await startStreaming();
  await write(`
    create function shout() returns trigger language plpgsql as
      $$ begin new.city := upper(new.city); return new; end $$;
    create trigger shout before insert or update on employees for each row execute function shout();
    create function echo() returns trigger language plpgsql as
      $$ begin update employees set salary = coalesce(salary, 0) + 1 where emp_id = new.emp_id; return null; end $$;
    create trigger echo after insert on employees for each row execute function echo()`);
  await write(
    `insert into employees (emp_id, city) values (60, 'quiet'); update employees set city = 'b' where emp_id = 7`,
  );
  await expectConverged();
  const { rows } = await pipeline.target.query('select city, salary from employees where emp_id = 60');
  expect(rows).toEqual([{ city: 'QUIET', salary: 1 }]);
});

test('a transaction that stays open delays no other change, and is applied after its commit', async () => {
  await startStreaming();
  const open = await pipeline.source.connect();
  try {
    await open.query(`begin; update employees set city = 'late' where emp_id = 1`);
    for (let n = 0; n < 20; n += 1) await write(`update employees set salary = ${n} where emp_id = 2`);
    await pipeline.untilConverged();
    await write('delete from employees where emp_id = 2');
    await pipeline.untilConverged();
    await open.query('commit');
  } finally {
    open.release();
  }
  await expectConverged();
});

test('settings of the databases make no difference', async () => {
  // They apply to new connections: those of the functions, and not those of the test, which are open already.
  for (const [url, pool] of [
    [pipeline.settings.sourceUrl, pipeline.source],
    [pipeline.settings.targetUrl, pipeline.target],
  ] as const) {
    const database = pg.escapeIdentifier(new URL(url).pathname.slice(1));
    for (const setting of [
      `DateStyle to 'SQL, DMY'`,
      `TimeZone to 'Pacific/Chatham'`,
      `IntervalStyle to 'sql_standard'`,
      `bytea_output to 'escape'`,
      `array_nulls to off`,
      `default_transaction_isolation to 'serializable'`,
      `synchronous_commit to off`,
      `lc_messages to 'C'`,
      'search_path to nowhere',
    ]) {
      await pool.query(`alter database ${database} set ${setting}`);
    }
  }
  await startStreaming();
  await write(
    `insert into employees (first_name, dob) values (null, '1999-12-31'), ('NULL', '4713-01-01 BC'), ('', null)`,
  );
  await write(`update employees set emp_id = 70, last_name = null where emp_id = 7`);
  for (let n = 0; n < 20; n += 1) await write(`update employees set salary = ${n} where emp_id > 5`);
  await expectConverged();
});

test('an action written by hand that is longer than a Kafka record becomes a dead letter, and the others are applied', async () => {
  await startStreaming();
  await write(`insert into emp_cdc (emp_id, action) values (1, repeat('x', 3000000)), (1, 'UPDATE ')`);
  await write(`update employees set city = 'after'`);
  await pipeline.untilConverged();
  const deadLetters = await pipeline.untilDeadLetters(2);
  expect(deadLetters.map(({ code }) => code)).toEqual(['PIPE_CHANGE_ACTION', 'PIPE_CHANGE_ACTION']);
});

test('a role needs privileges on employees only, and all its changes are captured', async () => {
  await startStreaming();
  const role = uniqueName('writer').replaceAll('-', '_');
  await write(`create role ${role}; grant insert, update, delete, truncate, select on employees to ${role}`);
  const client = await pipeline.source.connect();
  try {
    await client.query(`set role ${role}`);
    await client.query(`insert into employees (emp_id) values (90); update employees set emp_id = 91 where emp_id = 90;
      delete from employees where emp_id = 9`);
    await expect(client.query('select from emp_cdc')).rejects.toMatchObject({ code: '42501' });
  } finally {
    client.release(true);
  }
  await expectConverged();
  await write(`drop owned by ${role}; drop role ${role}`);
});
