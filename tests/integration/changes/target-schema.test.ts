import { SchemaError } from '../../../functions/core/errors.ts';
import { deliver, deliveries, raisingTrigger, remove, write, writes } from '../../support/cdc/target-deliveries.ts';
import { TargetRig } from '../../support/cdc/target-rig.ts';
import { createDatabase } from '../../support/servers.ts';

let url: string;
let rig: TargetRig;
beforeAll(async () => {
  url = await createDatabase('target');
});
beforeEach(async () => {
  rig = await TargetRig.open(url);
});
afterEach(() => rig.close());

const CHANGE_KEY = 'alter table employees drop constraint employees_pkey;';

describe.each(deliveries)('a table that holds rows, %s', (delivery) => {
  const suppressing = (events: string) =>
    `create function refuse() returns trigger language plpgsql as 'begin return null; end';
     create trigger refusing before ${events} on employees for each row execute function refuse()`;

  test.each([
    ['writes', suppressing('insert or update'), /trigger refusing.*PIPE_WRITE_SUPPRESSED.*disable trigger refusing/],
    ['inserts', suppressing('insert'), /trigger refusing.*PIPE_WRITE_SUPPRESSED/],
    ['inserts by a rule', 'create rule nothing as on insert to employees do instead nothing', /rule nothing/],
  ])('and suppresses all %s makes everything wait and says why', async (_, ddl, expected) => {
    expect(await deliver(rig, writes(5), 'in one batch')).toEqual([]);
    await rig.client.query(ddl);
    const errors = await deliver(rig, [write(6, 1), write(7, 1)], delivery);
    expect(errors).toHaveLength(delivery === 'in one batch' ? 1 : 2);
    for (const error of errors) expect(error).toMatchObject({ message: expect.stringMatching(expected) });
    expect(rig.deadLetters).toEqual([]);
  });
});

describe('a table that another statement can write', () => {
  test.each([
    [
      'with a generated identity',
      'alter table employees alter emp_id drop default, alter emp_id add generated always as identity',
    ],
    [
      'with a deferrable key',
      `${CHANGE_KEY} alter table employees add primary key (emp_id) deferrable initially deferred`,
    ],
    ['without a key', CHANGE_KEY],
    ['with a key of more columns', `${CHANGE_KEY} alter table employees add unique (emp_id, salary)`],
    ['with wider columns', 'alter table employees alter city type text, alter salary type bigint, alter dob type text'],
    ['with further columns', `alter table employees add note text, add changed_at timestamptz not null default now()`],
    ['that is a view', 'alter table employees rename to persons; create view employees as select * from persons'],
    [
      'with a rule',
      'create table log (id int); create rule logged as on insert to employees do also insert into log values (new.emp_id)',
    ],
    [
      'that is partitioned by another column',
      `drop table employees; create table employees (emp_id int, first_name varchar(100), last_name varchar(100), dob date,
         city varchar(100), salary int) partition by hash (city);
       create table part_0 partition of employees for values with (modulus 2, remainder 0);
       create table part_1 partition of employees for values with (modulus 2, remainder 1)`,
    ],
  ])('%s is written as usual', async (_, ddl) => {
    await rig.client.query(ddl);
    for (const delivery of deliveries) {
      const records = [...writes(5, 1), write(2, 2), remove(3), remove(99), write(4, 3), write(6, 4)];
      expect(await deliver(rig, records, delivery)).toEqual([]);
      expect(await rig.salaries()).toEqual([
        [1, 1],
        [2, 2],
        [4, 3],
        [5, 1],
        [6, 4],
      ]);
    }
    expect(rig.deadLetters).toEqual([]);
  });

  test('keeps one row of an employee that it has twice', async () => {
    await rig.client.query(
      `${CHANGE_KEY} insert into employees (emp_id, salary) values (1, 1), (1, 2), (2, 1), (2, 1)`,
    );
    expect(await deliver(rig, [write(1, 5)], 'in one batch')).toEqual([]);
    expect(await rig.salaries()).toEqual([
      [1, 5],
      [2, 1],
      [2, 1],
    ]);
  });
});

describe('a table that refuses all rows', () => {
  const cases: [string, string, RegExp][] = [
    [
      'has a column that is not null',
      'alter table employees alter city set not null',
      /column city .*23502.*alter column city drop not null/,
    ],
    [
      'has a column that is too narrow',
      'alter table employees alter city type varchar(2)',
      /column city .*varchar\(100\).*22001/,
    ],
    [
      'has a type that is too narrow',
      'alter table employees alter salary type smallint',
      /column salary .*integer.*22003/,
    ],
    [
      'has a domain',
      'create domain short as varchar(2); alter table employees alter city type short',
      /column city .*22001/,
    ],
    ['has a column of another type', 'alter table employees drop dob, add dob int', /column dob .*date.*42804/],
    ['has a further column that is required', 'alter table employees add need int not null', /column need.*23502/],
    ['lacks a column', 'alter table employees drop city', /column city.*42703/],
    [
      'lacks a renamed column',
      'alter table employees rename city to town',
      /column city.*42703.*rename column town to city/,
    ],
    ['was moved to another schema', 'create schema old; alter table employees set schema old', /schema old.*42P01/],
    ['was renamed', 'alter table employees rename to persons', /table employees.*42P01.*rename to employees/],
    [
      'has a generated column',
      `alter table employees drop city, add city varchar(100) generated always as ('x') stored`,
      /428C9/,
    ],
    [
      'is a view that is not updatable',
      'alter table employees rename to p; create view employees as select distinct * from p',
      /view.*55000/,
    ],
    [
      'has a constraint',
      'alter table employees add constraint rich check (salary > 1000000)',
      /23514, constraint rich.*drop constraint rich/,
    ],
    [
      'refers to an empty table',
      'create table cities (name varchar(100) primary key); alter table employees add constraint known foreign key (city) references cities',
      /23503, constraint known.*drop constraint known/,
    ],
    ['has a trigger that raises', raisingTrigger('true'), /trigger refusing.*P0001.*disable trigger refusing/],
    [
      'has a trigger that fails',
      `create function refuse() returns trigger language plpgsql as 'begin new.nope := 1; return new; end'; create trigger refusing before insert on employees for each row execute function refuse()`,
      /refus/,
    ],
    [
      'has a trigger that suppresses rows',
      `create function refuse() returns trigger language plpgsql as 'begin return null; end'; create trigger refusing before insert on employees for each row execute function refuse()`,
      /trigger refusing.*PIPE_WRITE_SUPPRESSED/,
    ],
    [
      'has a rule that suppresses rows',
      'create rule nothing as on insert to employees do instead nothing',
      /rule nothing.*drop rule nothing on employees/,
    ],
    [
      'has no partition for them',
      `drop table employees; create table employees (emp_id int primary key, first_name varchar(100), last_name varchar(100), dob date, city varchar(100), salary int) partition by range (emp_id)`,
      /23514/,
    ],
    ['lacks a helper table', 'drop table employee_version', /employee_version.*42P01/],
    [
      'lacks the row of the watermark',
      'delete from employee_watermark',
      /insert into employee_watermark default values/,
    ],
  ];

  describe.each(deliveries)('%s', (delivery) => {
    test.each(cases)('because it %s, makes everything wait and says why', async (_, ddl, expected) => {
      await rig.client.query(ddl);
      const errors = await deliver(rig, writes(5, 100_000, ddl.includes('set not null') ? null : 'Rome'), delivery);
      expect(errors).toHaveLength(delivery === 'in one batch' ? 1 : 5);
      for (const error of errors) {
        expect(error).toBeInstanceOf(SchemaError);
        expect((error as Error).message).toMatch(expected);
        expect((error as Error).message).not.toMatch(/secret|Rome/);
      }
      expect(rig.deadLetters).toEqual([]);
    });
  });
});
