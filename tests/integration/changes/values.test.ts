import { Kafka, logLevel } from 'kafkajs';
import pg from 'pg';
import { ApplierFleet } from '../../support/cdc/applier-fleet.ts';
import { CdcPipeline } from '../../support/cdc/pipeline.ts';
import { CdcProcess } from '../../support/cdc/processes.ts';
import { eventually } from '../../support/eventually.ts';
import { uniqueName } from '../../support/servers.ts';

let pipeline: CdcPipeline;
beforeEach(async () => {
  pipeline = await CdcPipeline.create();
});
afterEach(() => pipeline.close());

const TEXTS = [
  null,
  '',
  ' ',
  'null',
  'O\'Brien "the\\one"',
  'a\tb\r\nc',
  '\u0001\u001f\u007f\u2028',
  'שלום עולם',
  'e\u0301 \ud83d\udc69\u200d\ud83d\ude80',
  '\ud83d\ude80'.repeat(100),
  'x'.repeat(100),
];
const DATES = [
  null,
  '4713-01-01 BC',
  '4714-11-24 BC',
  '0001-12-31 BC',
  '0001-01-01',
  '1970-01-01',
  '2008-02-29',
  '9999-12-31',
  '10000-01-01',
  '5874897-12-31',
  'infinity',
  '-infinity',
];
const NUMBERS = [null, 0, -1, 2_147_483_647, -2_147_483_648];

test.each(['UTC', 'Pacific/Chatham', 'America/St_Johns'])(
  'every value arrives unchanged, by the snapshot and by the stream, with functions in time zone %s',
  async (timeZone) => {
    // Dates must not depend on the output format of either server, or on any time zone.
    for (const [pool, url, style] of [
      [pipeline.source, pipeline.settings.sourceUrl, 'SQL, DMY'],
      [pipeline.target, pipeline.settings.targetUrl, 'German'],
    ] as const) {
      const database = pg.escapeIdentifier(new URL(url).pathname.slice(1));
      await pool.query(`alter database ${database} set DateStyle to '${style}'`);
      await pool.query(`alter database ${database} set TimeZone to 'Asia/Kathmandu'`);
    }
    await insertValues();
    const fleet = new ApplierFleet(pipeline.settings, timeZone);
    const poller = new CdcProcess('poller-process', pipeline.settings, { timeZone });
    try {
      await pipeline.startEventSource(fleet.handle);
      await pipeline.untilConverged();
      await insertValues();
      await pipeline.source.query('update employees set last_name = first_name, dob = dob where emp_id % 2 = 0');
      await pipeline.untilConverged();
      expect(await pipeline.deadLetters()).toEqual([]);
    } finally {
      await Promise.all([poller.kill(), fleet.stop()]);
    }
  },
);

async function insertValues(): Promise<void> {
  for (const value of TEXTS) {
    await pipeline.source.query('insert into employees (first_name, last_name, city) values ($1, $1, $1)', [value]);
  }
  for (const value of DATES) await pipeline.source.query('insert into employees (dob) values ($1)', [value]);
  for (const value of NUMBERS) await pipeline.source.query('insert into employees (salary) values ($1)', [value]);
  await pipeline.source.query('insert into employees (emp_id) values (2147483647), (0) on conflict do nothing');
}

test('the settings and privileges of the writing session make no difference', async () => {
  await pipeline.startApplier();
  await pipeline.startPoller();
  await pipeline.untilStreaming();
  const role = uniqueName('writer').replaceAll('-', '_');
  await pipeline.source.query(`create role ${role}; grant insert, update, delete, truncate on employees to ${role};
    grant usage on sequence employees_emp_id_seq to ${role}; grant select on employees to ${role};
    create schema trap; create table trap.emp_cdc (like emp_cdc); grant usage on schema trap to ${role}`);
  const client = await pipeline.source.connect();
  try {
    await client.query(`set session_replication_role = replica; set synchronous_commit = off;
      set DateStyle = 'SQL, DMY'; set search_path = trap, public; set role ${role}`);
    await client.query(`insert into employees (first_name, dob) values ('a', '31/12/1999'), ('b', '01/02/2003')`);
    await client.query(`update employees set emp_id = -7 where first_name = 'a'`);
    await client.query(`update employees set city = 'c' where first_name = 'b'`);
  } finally {
    client.release(true);
    await pipeline.source.query(`drop owned by ${role}; drop role ${role}`);
  }
  // The negative key violates a rule. The employee is deleted under the old key, and not inserted under the new one.
  await pipeline.untilConverged(([empId]) => Number(empId) >= 0);
  const [deadLetter, ...others] = await pipeline.untilDeadLetters(1);
  expect(deadLetter).toMatchObject({ code: 'noNegativeEmpId' });
  expect(others).toEqual([]);
});

test('a row written to emp_cdc by hand is applied if it is valid, and dead-lettered if not', async () => {
  await pipeline.startApplier();
  await pipeline.startPoller();
  await pipeline.source.query(`insert into employees (first_name) values ('real')`);
  await pipeline.untilConverged();
  await pipeline.source.query(`insert into emp_cdc (emp_id, first_name, action) values
    (5, 'x', 'UPSERT'), (5, 'x', null), (null, 'x', 'INSERT'), (6, 'by hand', 'INSERT'), (5, 'x', 'insert')`);
  await pipeline.source.query('update employees set salary = 1');
  await eventually(
    async () => {
      const held = await pipeline.employees(pipeline.target);
      return held.length === 2 && JSON.stringify(held).includes('by hand');
    },
    { what: 'the valid row' },
  );
  const deadLetters = await pipeline.untilDeadLetters(4);
  expect(deadLetters.map(({ code }) => code).sort()).toEqual([
    'PIPE_CHANGE_ACTION',
    'PIPE_CHANGE_ACTION',
    'PIPE_CHANGE_ACTION',
    'PIPE_CHANGE_FIELD',
  ]);
});

test('a change that the target refuses is dead-lettered, and the older one of its employee is applied', async () => {
  await pipeline.target.query(`alter table employees add constraint short check (length(city) < 5)`);
  await pipeline.startPoller();
  await pipeline.untilStreaming();
  await pipeline.source.query(
    `insert into employees (first_name, city) select 'n' || n, 'ok' from generate_series(1, 50) n`,
  );
  await pipeline.source.query(`update employees set city = 'good', salary = 1 where emp_id = 7`);
  await pipeline.source.query(`update employees set city = 'too long', salary = 2 where emp_id in (7, 8)`);
  await pipeline.source.query('update employees set salary = 3 where emp_id = 9');
  await pipeline.startApplier();
  const deadLetters = await pipeline.untilDeadLetters(2);
  expect(deadLetters).toHaveLength(2);
  for (const deadLetter of deadLetters) {
    expect(deadLetter).toMatchObject({ code: 'PIPE_CHANGE_REFUSED', origin: { topic: pipeline.settings.topic } });
    expect(String(deadLetter['reason'])).toContain('23514');
  }
  const held = async () => {
    const { rows } = await pipeline.target.query(
      'select emp_id, city, salary from employees where emp_id in (7, 8, 9) order by emp_id',
    );
    return rows;
  };
  // Written last, but in a partition that may lag behind the others.
  await eventually(async () => (await held()).some(({ salary }) => salary === 3), {
    what: 'the change of another employee',
  });
  expect(await held()).toEqual([
    { emp_id: 7, city: 'good', salary: 1 },
    { emp_id: 8, city: 'ok', salary: null },
    { emp_id: 9, city: 'ok', salary: 3 },
  ]);
});

test('each record that is not a valid change becomes a dead letter, and the others are applied', async () => {
  await pipeline.startApplier();
  await pipeline.startPoller();
  await pipeline.source.query(`insert into employees (first_name) values ('a')`);
  await pipeline.untilConverged();
  const producer = new Kafka({
    clientId: 'test',
    brokers: [...pipeline.settings.brokers],
    logLevel: logLevel.NOTHING,
  }).producer();
  await producer.connect();
  const [good] = (await pipeline.readTopic(pipeline.settings.topic)).filter(({ key }) => key !== null);
  const change = (fields: object) => JSON.stringify({ ...JSON.parse(good?.value ?? ''), ...fields });
  const employee = (fields: object) => change({ employee: { ...JSON.parse(good?.value ?? '').employee, ...fields } });
  const key = good?.key ?? null;
  const bad = [
    { key, value: 'no json' },
    { key, value: null },
    { key, value: Buffer.from([0xff, 0xfe]) },
    { key, value: '' },
    { key, value: '[]' },
    { key, value: `${'['.repeat(100_000)}` },
    { key: Buffer.from([0xff]), value: good?.value ?? null },
    { key: null, value: good?.value ?? null },
    { key: '999', value: good?.value ?? null },
    { key, value: change({ action: 'UPSERT' }) },
    { key, value: change({ changeId: 7 }) },
    { key, value: change({ epoch: '9223372036854775808' }) },
    { key, value: employee({ dob: '2023-02-30' }) },
    { key, value: employee({ salary: 2_147_483_648 }) },
    { key, value: employee({ firstName: 'x'.repeat(101) }) },
    { key, value: employee({ city: undefined }) },
    { key, value: employee({ lastName: 'a\0b' }) },
    { key, value: good?.value?.replace('"a"', '"\\ud83d"') ?? null },
    { key, value: employee({ empId: '1' }) },
    { key, value: employee({ salary: 1.5 }) },
    { key, value: employee({ firstName: 'x'.repeat(900_000) }) },
  ];
  await producer.send({ topic: pipeline.settings.topic, messages: bad });
  await producer.disconnect();
  await pipeline.source.query(`update employees set city = 'after'`);
  await pipeline.untilConverged();
  const deadLetters = await pipeline.untilDeadLetters(bad.length);
  expect(deadLetters).toHaveLength(bad.length);
  expect(new Set(deadLetters.map(({ code }) => code))).toEqual(
    new Set(['PIPE_CHANGE_UNREADABLE', 'PIPE_CHANGE_KEY', 'PIPE_CHANGE_ACTION', 'PIPE_CHANGE_FIELD']),
  );
});
