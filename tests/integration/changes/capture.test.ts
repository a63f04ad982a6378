import { PostgresChangeSource } from '../../../functions/adapters/postgres/postgres-change-source.ts';
import { CdcPipeline } from '../../support/cdc/pipeline.ts';
import { eventually } from '../../support/eventually.ts';
import { mendCapture } from '../../support/migrated-database.ts';

let pipeline: CdcPipeline;
let poller: Awaited<ReturnType<CdcPipeline['startPoller']>>;
beforeEach(async () => {
  pipeline = await CdcPipeline.create({ captureLookMs: 500 });
  await write(`insert into employees (first_name, salary) select 'n' || n, n from generate_series(1, 20) n`);
  [poller] = await Promise.all([pipeline.startPoller(), pipeline.startApplier()]);
  await pipeline.untilStreaming();
  await pipeline.untilConverged();
});
afterEach(() => pipeline.close());

async function write(statement: string): Promise<void> {
  await pipeline.source.query(statement);
}

const epoch = async () => BigInt(JSON.parse((await pipeline.ledger().read())?.position ?? '{}').epoch);

const untilSnapshotAfter = (before: bigint) =>
  eventually(async () => (await epoch()) > before, { what: 'a new snapshot' });

test('a sequence that is set back leads to a new snapshot by itself, and no update is ignored as old', async () => {
  const before = await epoch();
  await write(`update employees set city = 'a'`);
  await pipeline.untilConverged();
  await write(`truncate emp_cdc restart identity; update employees set city = 'b' where emp_id > 10`);
  await pipeline.untilConverged();
  await write(`update employees set salary = salary + 1; delete from employees where emp_id = 3`);
  await pipeline.untilConverged();
  expect(await epoch()).toBeGreaterThan(before);
  expect(await pipeline.deadLetters()).toEqual([]);
});

/** The condition about the capture, when it matches. */
async function untilBroken(message: RegExp): Promise<void> {
  await eventually(
    async () => {
      const found = (await pipeline.conditions()).find(({ id }) => id === 'poll-changes/capture');
      return found !== undefined && found.code === 'PIPE_CAPTURE_BROKEN' && message.test(found.message);
    },
    { what: `the condition ${message}` },
  );
}

async function untilSound(): Promise<void> {
  await eventually(async () => (await pipeline.conditions()).length === 0, { what: 'no condition' });
}

test.each<[string, string, string, RegExp]>([
  [
    'another table under its name',
    `alter table employees rename to former; create table employees (like former including all);
       insert into employees select * from former where emp_id > 5`,
    `delete from employees where emp_id = 7; truncate former`,
    /found some on table former; invoke the function provision/,
  ],
  [
    'triggers that were disabled around a load, and enabled again',
    `alter table employees disable trigger all; update employees set city = 'loaded'; alter table employees enable trigger all`,
    `set session_replication_role = replica; update employees set salary = 7; reset session_replication_role`,
    /00_capture_change, 00_capture_truncate on public\.employees in mode ALWAYS, found it on employees in mode ORIGIN/,
  ],
  [
    'triggers that were dropped',
    `drop trigger "00_capture_change" on employees; drop trigger "00_capture_truncate" on employees`,
    `delete from employees where emp_id = 7`,
    /00_capture_change, 00_capture_truncate on public\.employees in mode ALWAYS, found none/,
  ],
  [
    'another function of the trigger',
    `create or replace function capture_employee_change() returns trigger language plpgsql as $$ begin return null; end $$`,
    `delete from employees where emp_id = 7`,
    /expected the capture functions of this version in schema public, found other definitions of capture_employee_change/,
  ],
  [
    'emp_cdc dropped',
    'drop table emp_cdc',
    `delete from employees where emp_id = 7`,
    /expected the table public\.emp_cdc, found none/,
  ],
  [
    'the triggers of emp_cdc dropped',
    'drop trigger "00_note_truncate" on emp_cdc',
    `truncate emp_cdc; delete from employees where emp_id = 7`,
    /expected trigger 00_note_truncate, 00_note_delete on public\.emp_cdc in mode ALWAYS/,
  ],
  [
    'a column of emp_cdc renamed',
    'alter table emp_cdc rename column city to town',
    `delete from employees where emp_id = 7`,
    /expected column city of public\.emp_cdc with type character varying, found none/,
  ],
])(
  '%s: a condition says so, provision mends it, and a new snapshot begins by itself',
  async (_, damage, write_, message) => {
    const before = await epoch();
    await write(damage);
    await write(write_);
    await untilBroken(message);
    expect(await mendCapture(pipeline.settings.sourceUrl)).not.toEqual([]);
    expect(await mendCapture(pipeline.settings.sourceUrl)).toEqual([]);
    await pipeline.untilConverged();
    await untilSound();
    await untilSnapshotAfter(before);
    await write(`update employees set salary = salary + 1`);
    await pipeline.untilConverged();
    expect(await pipeline.deadLetters()).toEqual([]);
  },
);

test.each([
  'drop trigger "00_capture_truncate" on employees; drop trigger "00_note_truncate" on emp_cdc',
  'drop trigger "00_capture_truncate" on employees; alter table emp_cdc rename column city to town',
])(
  'provision mends it while a writer has the lock of employees, and makes no writer wait for emp_cdc: %s',
  async (damage) => {
    await write(damage);
    const writer = await pipeline.source.connect();
    try {
      await writer.query('begin; lock table employees in row exclusive mode; set local lock_timeout = 100');
      const mending = mendCapture(pipeline.settings.sourceUrl);
      await eventually(
        async () => {
          const { rowCount } = await pipeline.source.query(
            `select from pg_locks where relation = 'employees'::regclass and not granted`,
          );
          return rowCount === 1;
        },
        { what: 'provision waiting for the lock of employees', everyMs: 5 },
      );
      await writer.query('insert into employees (first_name) values (null); commit');
      expect(await mending).not.toEqual([]);
    } finally {
      writer.release(true);
    }
    await pipeline.untilConverged();
  },
);

test('triggers that were disabled and are in mode ALWAYS again are noticed, also by the next start', async () => {
  const before = await epoch();
  await poller.stop();
  await write(`alter table employees disable trigger all; update employees set city = 'loaded';
    alter table employees enable always trigger "00_capture_change";
    alter table employees enable always trigger "00_capture_truncate";
    alter table employees enable always trigger "00_capture_statement"`);
  await pipeline.startPoller();
  await pipeline.untilConverged();
  expect(await epoch()).toBeGreaterThan(before);
});

test.each(['delete from emp_cdc', 'alter table emp_cdc drop city, add city varchar'])(
  'changes that are lost before they are published lead to a new snapshot by itself: %s',
  async (loss) => {
    const before = await epoch();
    await poller.stop();
    await write(`update employees set city = 'lost'; ${loss}`);
    await pipeline.startPoller();
    await untilSnapshotAfter(before);
    await pipeline.untilConverged();
  },
);

test('a rewrite of emp_cdc and a trigger after its inserts lose nothing, and lead to no snapshot', async () => {
  const before = await epoch();
  await write('create table audit (cdc_id bigint)');
  await write(`create function audit() returns trigger language plpgsql as
    $$ begin insert into public.audit values (new.cdc_id); return null; end $$`);
  await write('create trigger audit after insert on emp_cdc for each row execute function audit()');
  await write('vacuum full emp_cdc');
  await write('cluster emp_cdc using emp_cdc_pkey');
  await write(`update employees set city = 'kept'`);
  await poller.stop();
  await pipeline.startPoller();
  await pipeline.untilConverged();
  const looks = jest.spyOn(PostgresChangeSource.prototype, 'inspectCapture');
  await eventually(() => looks.mock.calls.length >= 2, { what: 'two looks at the capture' });
  expect(await epoch()).toBe(before);
  expect(await pipeline.conditions()).toEqual([]);
  await pipeline.ledger().requestResnapshot('test');
  await untilSnapshotAfter(before);
});

test('a table that is moved away and back loses nothing', async () => {
  await write('create schema x; alter table employees set schema x; update x.employees set salary = 5');
  await untilBroken(/expected the table public\.employees, found none; rename or move table x\.employees back/);
  await write('alter table x.employees set schema public');
  await pipeline.untilConverged();
  await untilSound();
});

test('a value that the target cannot hold becomes a dead letter, and the rest is applied', async () => {
  await write(`alter table employees alter column city type text, alter column salary type bigint`);
  await write(`update employees set city = repeat('x', 150) where emp_id = 1;
    update employees set salary = 3000000000 where emp_id = 2; update employees set city = 'fits' where emp_id > 2`);
  const deadLetters = await pipeline.untilDeadLetters(2);
  expect(new Set(deadLetters.map(({ code }) => code))).toEqual(new Set(['PIPE_CHANGE_FIELD']));
  expect(deadLetters.map(({ payload }) => String(payload))).toContainEqual(expect.stringContaining('3000000000'));
  const fits = (row: unknown[]) => Number(row[0]) > 2;
  await eventually(
    async () => {
      const [source, target] = await Promise.all([
        pipeline.employees(pipeline.source),
        pipeline.employees(pipeline.target),
      ]);
      return String(source.filter(fits)) === String(target.filter(fits));
    },
    { what: 'the other employees' },
  );
});

test('rows of a table that inherits from employees are no employees, in the snapshot and in the stream', async () => {
  await write(`create table managers () inherits (employees); insert into managers (emp_id, city) values (900, 'no');
    update only employees set city = 'yes' where emp_id = 1`);
  await pipeline.ledger().requestResnapshot('test');
  await eventually(async () => (await pipeline.employees(pipeline.target)).some((row) => row[4] === 'yes'), {
    what: 'the update',
  });
  await pipeline.untilStreaming();
  await write(`insert into managers (emp_id, city) values (901, 'no'); insert into employees (emp_id) values (902)`);
  await eventually(async () => (await pipeline.employees(pipeline.target)).some(([id]) => id === 902), {
    what: 'the insert',
  });
  expect((await pipeline.employees(pipeline.target)).filter(([id]) => Number(id) >= 900).map(([id]) => id)).toEqual([
    902,
  ]);
});
