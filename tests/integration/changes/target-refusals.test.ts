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

describe('a rule of the table that refuses some rows', () => {
  const ROLE = 'target_schema_writer';
  const SECURE = `
    do $$ begin create role ${ROLE}; exception when duplicate_object then null; end $$;
    grant usage on schema public to ${ROLE}; grant all on all tables in schema public to ${ROLE};
    alter table employees enable row level security;
    create policy rich on employees using (true) with check (salary < 1000)`;
  const cases: [string, string, RegExp][] = [
    [
      'a CHECK',
      'alter table employees add constraint poor check (salary < 1000)',
      /23514, constraint poor of table employees/,
    ],
    [
      'a domain',
      'create domain amount as int constraint poor check (value < 1000); alter table employees alter salary type amount',
      /23514, constraint poor/,
    ],
    [
      'a foreign key',
      'create table known (n int primary key); insert into known select generate_series(1, 30); alter table employees add constraint known foreign key (salary) references known',
      /23503, constraint known of table employees/,
    ],
    [
      'a deferred foreign key',
      'create table known (n int primary key); insert into known select generate_series(1, 30); alter table employees add constraint known foreign key (salary) references known deferrable initially deferred',
      /23503, constraint known of table employees/,
    ],
    [
      'a unique constraint',
      'insert into employees (emp_id, salary) values (0, 5000); alter table employees add constraint one unique (salary)',
      /23505, constraint one of table employees/,
    ],
    [
      'an exclusion constraint',
      'insert into employees (emp_id, salary) values (0, 5000); alter table employees add constraint one exclude using btree (salary with =)',
      /23P01, constraint one of table employees/,
    ],
    ['a trigger that raises', raisingTrigger('new.salary > 1000'), /P0001, function refuse\(\)/],
    [
      'a trigger that suppresses rows',
      `create function refuse() returns trigger language plpgsql as 'begin return case when new.salary < 1000 then new end; end'; create trigger refusing before insert or update on employees for each row execute function refuse()`,
      /PIPE_WRITE_SUPPRESSED/,
    ],
    ['a row-level security policy', SECURE, /42501/],
    [
      'a view with a check option',
      'alter table employees rename to p; create view employees as select * from p where salary < 1000 with check option',
      /44000/,
    ],
  ];

  /** 20 rows with different salaries; that of employee 7 is refused. */
  const rows = () => Array.from({ length: 20 }, (_, index) => write(index + 1, index === 6 ? 5_000 : index + 1));
  const accepted = Array.from({ length: 20 }, (_, index) => [index + 1, index + 1]).filter(([empId]) => empId !== 7);

  describe.each(deliveries)('%s', (delivery) => {
    test.each(cases)('%s makes dead letters of them and of no others', async (_, ddl, expected) => {
      if (ddl === SECURE) {
        await rig.close();
        rig = await TargetRig.open(url, { user: ROLE, before: ddl });
      } else await rig.client.query(ddl);
      expect(await deliver(rig, rows(), delivery)).toEqual([]);
      expect((await rig.salaries()).filter(([empId]) => empId > 0)).toEqual(accepted);
      expect(rig.deadLetters).toMatchObject([{ code: 'PIPE_CHANGE_REFUSED', reason: expect.stringMatching(expected) }]);
      expect(rig.deadLetters[0]?.reason).not.toMatch(/secret|Rome|5000/);
    });

    test('a reference of another table makes dead letters of deletions', async () => {
      await deliver(rig, writes(20), 'in one batch');
      await rig.client.query(`create table payroll (emp_id int constraint paid references employees);
        insert into payroll select emp_id from employees where emp_id in (7, 8)`);
      expect(await deliver(rig, [5, 6, 7, 8, 9].map(remove), delivery)).toEqual([]);
      expect((await rig.salaries()).map(([empId]) => empId).slice(4, 7)).toEqual([7, 8, 10]);
      const reason = expect.stringMatching(/23503, constraint paid of table payroll/);
      expect(rig.deadLetters).toMatchObject([{ reason }, { reason }]);
    });
  });

  test('is told from one that refuses all rows by rows that other batches write', async () => {
    await rig.client.query('alter table employees alter city set not null');
    const refused = [write(1, 1, { city: null })];
    expect(await deliver(rig, refused, 'in one batch')).toEqual([expect.any(SchemaError)]);
    expect(await deliver(rig, [write(2, 2)], 'in one batch')).toEqual([]);
    // The event source retries the batch that waits.
    expect(await deliver(rig, refused, 'in one batch')).toEqual([]);
    expect(rig.deadLetters).toMatchObject([{ reason: expect.stringMatching(/23502, column city of table employees/) }]);
    // A response that is lost makes it retry once more.
    expect(await deliver(rig, refused, 'in one batch')).toEqual([]);
    expect(await deliver(rig, [write(3, 1, { city: null })], 'in one batch')).toEqual([expect.any(SchemaError)]);
  });

  test('is at fault itself once it refuses a tenth of the table and accepts no row in between', async () => {
    await deliver(rig, writes(50), 'in one batch');
    await rig.client.query('alter table employees add constraint poor check (salary < 1000)');
    const raised = writes(50, 5_000);
    // A batch that is retried counts once.
    for (const count of [20, 40]) {
      expect(await deliver(rig, raised.slice(0, 20), 'one by one')).toEqual([]);
      expect(rig.deadLetters).toHaveLength(count);
    }
    expect(await deliver(rig, raised.slice(20, 21), 'in one batch')).toEqual([expect.any(SchemaError)]);
    expect(await deliver(rig, raised, 'in one batch')).toEqual([expect.any(SchemaError)]);
    expect(rig.deadLetters).toHaveLength(40);
    await rig.client.query('alter table employees drop constraint poor');
    expect(await deliver(rig, raised, 'in one batch')).toEqual([]);
    expect(await rig.salaries()).toEqual(raised.map((_, index) => [index + 1, 5_000]));
  });
});
