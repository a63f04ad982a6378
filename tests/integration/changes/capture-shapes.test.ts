import pg from 'pg';
import { applyMigrations, createMigratedDatabase } from '../../support/migrated-database.ts';

let url: string;
/** The application. It keeps its session, whose functions have cached what they know of the tables. */
let application: pg.Client;
let operator: pg.Client;
beforeEach(async () => {
  url = await createMigratedDatabase('source');
  application = new pg.Client({ connectionString: url });
  operator = new pg.Client({ connectionString: url });
  await Promise.all([application.connect(), operator.connect()]);
  await application.query(`insert into employees (first_name, city, salary) values ('a', 'c', 1), ('b', 'c', 2)`);
  await application.query('update employees set salary = 3 where emp_id = 1; delete from employees where emp_id = 2');
  await operator.query('delete from emp_cdc; truncate cdc_gap');
});
afterEach(async () => {
  await Promise.all([application.end(), operator.end()]);
});

async function captured(): Promise<unknown[][]> {
  const { rows } = await operator.query<unknown[]>({
    text: 'select action, emp_id, city, salary, image from emp_cdc order by txid, cdc_id',
    rowMode: 'array',
  });
  return rows;
}

async function gaps(): Promise<string[]> {
  return (await operator.query<{ reason: string }>('select reason from cdc_gap order by gap_id')).rows.map(
    ({ reason }) => reason,
  );
}

const LONG = 'x'.repeat(150);

describe('a write succeeds and is captured', () => {
  it.each<[string, string, string, unknown]>([
    ['city as text', 'alter column city type text', `city = '${LONG}'`, { city: LONG }],
    ['a longer city', 'alter column city type varchar(300)', `city = '${LONG}'`, undefined],
    ['salary as bigint', 'alter column salary type bigint', 'salary = 3000000000', { salary: 3_000_000_000 }],
    ['salary as numeric', 'alter column salary type numeric', 'salary = 1.5', { salary: 1.5 }],
    ['dob as timestamp', 'alter column dob type timestamp', `dob = '2000-01-02 03:04'`, { dob: '2000-01-02T03:04:00' }],
    ['emp_id as bigint', 'alter column emp_id type bigint', 'emp_id = 3000000000', { emp_id: 3_000_000_000 }],
    ['emp_id as text', 'alter column emp_id type text', `emp_id = 'one'`, { emp_id: 'one' }],
    ['a column renamed', 'rename column city to town', `town = 'd'`, { town: 'd' }],
    ['a column dropped', 'drop column city', 'salary = 4', { salary: 4 }],
    ['the key dropped', 'drop column emp_id', 'salary = 4', { salary: 4 }],
    ['a column added', 'add column note text', `note = 'n'`, undefined],
    [
      'a generated column',
      'drop column city, add column city varchar(100) generated always as (first_name) stored',
      'salary = 4',
      undefined,
    ],
  ])('with %s', async (_, alteration, assignment, image) => {
    await operator.query(`alter table employees ${alteration}`);
    await application.query(`update employees set ${assignment}`);
    await application.query(`insert into employees (first_name) select 'new' where ${!/emp_id/.test(alteration)}`);
    const images = (await captured()).map((change) => change[4]);
    if (image === undefined) expect(images[0]).toBeNull();
    else expect(images).toContainEqual(expect.objectContaining(image as object));
    const isMissing = /rename|drop column \w+$/.test(alteration);
    expect(new Set(await gaps())).toEqual(new Set(isMissing ? ['a column of employees is missing'] : []));
  });

  it('of a domain and an enumeration', async () => {
    await operator.query(`create type place as enum ('c', 'd'); create domain pay as integer check (value > 0);
      alter table employees alter column city type place using city::place, alter column salary type pay`);
    await application.query(`update employees set city = 'd'`);
    expect(await captured()).toMatchObject([['UPDATE', 1, 'd', 3, { city: 'd', salary: 3 }]]);
  });

  it('without a virtual generated column, whose value a trigger does not see', async () => {
    await operator.query(`alter table employees drop column city;
      alter table employees add column city varchar(100) generated always as ('v') virtual`);
    await application.query('update employees set salary = 5');
    const [change] = await captured();
    expect(change?.[4]).toEqual({ emp_id: 1, first_name: 'a', last_name: null, dob: null, salary: 5 });
  });

  it('in one transaction with the alteration, before and after it', async () => {
    await application.query(`begin; update employees set salary = 4; alter table employees alter column city type text;
      update employees set city = repeat('x', 150); alter table employees drop column salary;
      delete from employees; commit`);
    expect((await captured()).map(([action, , , , image]) => [action, image === null])).toEqual([
      ['UPDATE', true],
      ['UPDATE', false],
      ['DELETE', false],
    ]);
  });

  it('in a transaction whose snapshot is older than the alteration', async () => {
    await application.query('begin isolation level repeatable read; select 1');
    await application.query('select 1 from pg_class limit 1');
    await operator.query('alter table employees alter column city type text');
    await application.query(`insert into employees (city) values (repeat('x', 150))`);
    await application.query('commit');
    expect(await captured()).toMatchObject([['INSERT', 3, LONG, null, { city: LONG }]]);
  });

  it('with keys that are swapped in a table of another shape', async () => {
    await operator.query(`alter table employees alter column city type text; alter table employees drop constraint
      employees_pkey; alter table employees add primary key (emp_id) deferrable initially deferred`);
    await application.query(`insert into employees (emp_id, city) values (2, 'other')`);
    await application.query('update employees set emp_id = 3 - emp_id');
    const last = new Map((await captured()).map(([action, id, city]) => [id, [action, city]]));
    expect(Object.fromEntries(last)).toEqual({ 1: ['INSERT', 'other'], 2: ['UPDATE', 'c'] });
  });

  it('of a partitioned table, and by its partition directly', async () => {
    await operator.query(`drop table employees; create table employees (emp_id int primary key, first_name varchar(100),
      last_name varchar(100), dob date, city varchar(100), salary int) partition by range (emp_id);
      create table low partition of employees for values from (0) to (10);
      create table high partition of employees for values from (10) to (20)`);
    await applyMigrations(url, 'source');
    await application.query(`insert into employees (emp_id) values (1), (11); insert into low (emp_id) values (2);
      update employees set emp_id = 12 where emp_id = 1`);
    expect((await captured()).map(([action, id]) => [action, id])).toEqual([
      ['INSERT', 1],
      ['INSERT', 11],
      ['INSERT', 2],
      ['DELETE', 1],
      ['INSERT', 12],
    ]);
  });

  it('when the sequence was set back behind the rows', async () => {
    await application.query('update employees set salary = 4');
    await application.query('update employees set salary = 5');
    await operator.query(`select setval('emp_cdc_cdc_id_seq', 1, false)`);
    for (let salary = 6; salary < 20; salary += 1) await application.query(`update employees set salary = ${salary}`);
    expect((await captured()).map(([, , , salary]) => salary)).toEqual([
      4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19,
    ]);
  });

  it('and needs no transaction id of its own for each row', async () => {
    const nextId = async () =>
      BigInt((await operator.query('select pg_snapshot_xmax(pg_current_snapshot())::text as id')).rows[0].id);
    const before = await nextId();
    await application.query('insert into employees (salary) select n from generate_series(1, 500) n');
    await application.query('select pg_sleep(0)');
    expect(Number((await nextId()) - before)).toBeLessThan(50);
  });
});

describe('a write succeeds, and a gap is noted', () => {
  const REFUSED = /^emp_cdc refuses a change with SQLSTATE \w{5}$/;
  const cases: [string, string, RegExp][] = [
    ['emp_cdc is missing', 'drop table emp_cdc', REFUSED],
    ['emp_cdc is renamed', 'alter table emp_cdc rename to other', REFUSED],
    ['a column of emp_cdc is missing', 'alter table emp_cdc drop column city', REFUSED],
    ['emp_cdc has a constraint', 'alter table emp_cdc add check (salary < 3)', REFUSED],
    ['emp_cdc has a required column', 'alter table emp_cdc add column note text not null', REFUSED],
    [
      'emp_cdc has a unique column',
      `insert into emp_cdc (emp_id) values (1); create unique index on emp_cdc (emp_id)`,
      REFUSED,
    ],
    [
      'emp_cdc has a trigger that fails',
      `create function fail() returns trigger language plpgsql as $$ begin raise 'no'; end $$;
      create trigger fail before insert on emp_cdc for each row execute function fail()`,
      REFUSED,
    ],
    ['a type of emp_cdc is narrow', 'alter table emp_cdc alter column salary type smallint', REFUSED],
    [
      'the sequence has ended',
      'alter sequence emp_cdc_cdc_id_seq maxvalue 9 restart with 9; select nextval($$emp_cdc_cdc_id_seq$$)',
      REFUSED,
    ],
    [
      'the table is in another schema',
      'create schema x; alter table employees set schema x',
      /^table x\.employees is not public\.employees$/,
    ],
    [
      'the table has another name',
      'alter table employees rename to former',
      /^table public\.former is not public\.employees$/,
    ],
  ];
  it.each(cases)('when %s', async (_, damage, reason) => {
    await operator.query(damage);
    await application.query(`set search_path = public, x`);
    const table = damage.includes('former') ? 'former' : 'employees';
    await application.query(`update ${table} set salary = 40000`);
    await application.query(`begin; insert into ${table} (salary) values (50000); truncate ${table}; commit`);
    const noted = await gaps();
    expect(noted.length).toBeGreaterThan(0);
    for (const gap of noted) expect(gap).toMatch(reason);
  });

  it('unless nothing can be noted either', async () => {
    await operator.query('drop table emp_cdc; drop table cdc_gap');
    await application.query('update employees set salary = 4; truncate employees');
    await operator.query('drop function _private_capture_unusual, _private_prepare_capture');
    await application.query('insert into employees (salary) values (4)');
    expect((await application.query('select salary from employees')).rows).toEqual([{ salary: 4 }]);
  });

  it('in the same transaction, so that a rolled-back change leaves none', async () => {
    await operator.query('alter table emp_cdc add check (salary < 3)');
    await application.query('begin; savepoint a; update employees set salary = 4; rollback to a; commit');
    expect(await gaps()).toEqual([]);
  });
});

test('a writer that waits for an alteration of emp_cdc succeeds after it', async () => {
  await operator.query('begin; alter table emp_cdc add check (salary < 3)');
  const writing = application.query('update employees set salary = 4');
  const watcher = new pg.Client({ connectionString: url });
  await watcher.connect();
  try {
    for (;;) {
      const { rows } = await watcher.query(`select from pg_locks where not granted and database =
        (select oid from pg_database where datname = current_database())`);
      if (rows.length > 0) break;
    }
    await operator.query('commit');
    await writing;
  } finally {
    await watcher.end();
  }
  expect(await gaps()).toHaveLength(1);
});
