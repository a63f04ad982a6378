import { Kafka, logLevel } from 'kafkajs';
import { CdcPipeline } from '../support/cdc/pipeline.ts';

jest.setTimeout(60_000);

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

test('every value survives the trip, by the snapshot and by the stream', async () => {
  await pipeline.startApplier();
  const insert = async () => {
    for (const value of TEXTS) {
      await pipeline.source.query('insert into employees (first_name, last_name, city) values ($1, $1, $1)', [value]);
    }
    for (const value of DATES) await pipeline.source.query('insert into employees (dob) values ($1)', [value]);
    for (const value of NUMBERS) await pipeline.source.query('insert into employees (salary) values ($1)', [value]);
    await pipeline.source.query('insert into employees (emp_id) values (2147483647), (0) on conflict do nothing');
  };
  await insert();
  await pipeline.startPoller();
  await pipeline.untilConverged();
  await insert();
  await pipeline.source.query('update employees set last_name = first_name, dob = dob where emp_id % 2 = 0');
  await pipeline.untilConverged();
  expect(await pipeline.deadLetters()).toEqual([]);
});

test('the settings and rights of whoever writes make no difference', async () => {
  await pipeline.startApplier();
  await pipeline.startPoller();
  const role = `writer_${Date.now()}`;
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
  // The key that became negative breaks a rule: its old one leaves the target, the new one does not come.
  await pipeline.untilConverged(20_000, ([empId]) => Number(empId) >= 0);
  const [letter, ...others] = await pipeline.untilDeadLetters(1);
  expect(letter).toMatchObject({ code: 'noNegativeEmpId' });
  expect(others).toEqual([]);
});

test('what is written to emp_cdc by hand is applied when it is valid, and dead-lettered when it is not', async () => {
  await pipeline.startApplier();
  await pipeline.startPoller();
  await pipeline.source.query(`insert into employees (first_name) values ('real')`);
  await pipeline.untilConverged();
  await pipeline.source.query(`insert into emp_cdc (emp_id, first_name, action) values
    (5, 'x', 'UPSERT'), (5, 'x', null), (null, 'x', 'INSERT'), (6, 'by hand', 'INSERT'), (5, 'x', 'insert')`);
  await pipeline.source.query('update employees set salary = 1');
  const deadline = performance.now() + 15_000;
  for (;;) {
    const held = await pipeline.employees(pipeline.target);
    if (held.length === 2 && JSON.stringify(held).includes('by hand')) break;
    if (performance.now() > deadline) throw new Error(`the valid row did not come: ${JSON.stringify(held)}`);
  }
  const letters = await pipeline.untilDeadLetters(4);
  expect(letters.map(({ code }) => code).sort()).toEqual([
    'PIPE_CHANGE_ACTION',
    'PIPE_CHANGE_ACTION',
    'PIPE_CHANGE_ACTION',
    'PIPE_CHANGE_FIELD',
  ]);
});

test('a change that the target refuses is isolated, the older one applies, and the rest goes on', async () => {
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
  const letters = await pipeline.untilDeadLetters(2);
  expect(letters).toHaveLength(2);
  for (const letter of letters) {
    expect(letter).toMatchObject({ code: 'PIPE_CHANGE_REFUSED', origin: { topic: pipeline.settings.topic } });
    expect(String(letter['reason'])).toContain('23514');
  }
  const { rows } = await pipeline.target.query(
    'select emp_id, city, salary from employees where emp_id in (7, 8, 9) order by emp_id',
  );
  expect(rows).toEqual([
    { emp_id: 7, city: 'good', salary: 1 },
    { emp_id: 8, city: 'ok', salary: null },
    { emp_id: 9, city: 'ok', salary: 3 },
  ]);
});

test('records that are no changes become dead letters one by one, and the batch goes on', async () => {
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
    { key: null, value: good?.value ?? null },
    { key: '999', value: good?.value ?? null },
    { key, value: change({ action: 'UPSERT' }) },
    { key, value: change({ changeId: 7 }) },
    { key, value: change({ epoch: '9223372036854775808' }) },
    { key, value: employee({ dob: '2023-02-30' }) },
    { key, value: employee({ salary: 2_147_483_648 }) },
    { key, value: employee({ firstName: 'x'.repeat(101) }) },
    { key, value: employee({ city: undefined }) },
  ];
  await producer.send({ topic: pipeline.settings.topic, messages: bad });
  await producer.disconnect();
  await pipeline.source.query(`update employees set city = 'after'`);
  await pipeline.untilConverged();
  const letters = await pipeline.untilDeadLetters(bad.length);
  expect(letters).toHaveLength(bad.length);
  expect(new Set(letters.map(({ code }) => code))).toEqual(
    new Set(['PIPE_CHANGE_UNREADABLE', 'PIPE_CHANGE_KEY', 'PIPE_CHANGE_ACTION', 'PIPE_CHANGE_FIELD']),
  );
});
