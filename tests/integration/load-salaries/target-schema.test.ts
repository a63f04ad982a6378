import { join } from 'node:path';
import pg from 'pg';
import { Database } from '../../../functions/adapters/postgres/database.ts';
import { PostgresAppliedOffsets } from '../../../functions/adapters/postgres/postgres-applied-offsets.ts';
import { PostgresUnfinishedFiles } from '../../../functions/adapters/postgres/postgres-unfinished-files.ts';
import { SchemaError } from '../../../functions/core/errors.ts';
import type { KafkaRecord } from '../../../functions/core/kafka-record.ts';
import { createSalaryRecordEncoder } from '../../../functions/core/salary-record.ts';
import { SalaryLoader } from '../../../functions/load-salaries/salary-loader.ts';
import { readMigrations } from '../../../functions/provision/migration-files.ts';
import { createTickRecorder } from '../../../functions/runtime/tick-recorder.ts';
import {
  arrivalOf,
  begin,
  countsOf,
  mustNotBeCalled,
  type SalaryDatabaseUnderTest,
  salaryOf,
} from '../../contract/salary-database.ts';
import { InMemoryDeadLetterQueue } from '../../support/in-memory-dead-letter-queue.ts';
import { SQL_DIRECTORY } from '../../support/migrated-database.ts';
import { portsOn, wrongTotals } from '../../support/salary-database.ts';
import { createDatabase } from '../../support/servers.ts';

const a1 = arrivalOf('a.csv', '1');

let url: string;
let client: pg.Client;
let database: Database;
let subject: SalaryDatabaseUnderTest;
let deadLetters: InMemoryDeadLetterQueue;
let loader: SalaryLoader;

beforeAll(async () => {
  url = await createDatabase('target');
});
beforeEach(async () => {
  client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query('drop schema public cascade; create schema public');
  for (const { sql } of await readMigrations(join(SQL_DIRECTORY, 'target'))) await client.query(sql);
  database = await Database.open({ url, applicationName: 'test', maxConnections: 4 });
  subject = portsOn(database);
  deadLetters = new InMemoryDeadLetterQueue();
  loader = new SalaryLoader(subject.tables, deadLetters, createTickRecorder('load-salaries'));
  await begin(subject, a1);
});
afterEach(() => Promise.all([client.end(), database.close()]));

/** Rows 1 to `count` of the file, of which row 4 has the salary `special`. */
function records(count: number, special = 1_004): KafkaRecord[] {
  const encode = createSalaryRecordEncoder(a1);
  return Array.from({ length: count }, (_, index) => {
    const { salary, record } = salaryOf(a1, index + 1, index === 3 ? { salary: special } : {});
    return { ...record, value: Buffer.from(encode(index + 1, salary)) };
  });
}

const deliveries = ['one by one', 'in one batch'] as const;

/** @returns the error of each batch that failed. */
async function deliver(rows: readonly KafkaRecord[], delivery: (typeof deliveries)[number]): Promise<unknown[]> {
  const errors: unknown[] = [];
  for (const batch of delivery === 'in one batch' ? [rows] : rows.map((row) => [row])) {
    await loader.load(batch).catch((error: unknown) => errors.push(error));
  }
  return errors;
}

const trigger = (body: string) => `create function refuse() returns trigger language plpgsql as $$begin ${body} end$$;
  create trigger refusing before insert on department_employee for each row execute function refuse()`;

test('a statement that corrects the tables is named by what reads them, too', async () => {
  await client.query(
    'alter table ingested_file rename rows_lost_at to lost; alter table applied_offset rename to progress',
  );
  const files = new PostgresUnfinishedFiles(database, 'salaries');
  for (const attempt of [files.findStalled(1), files.recordRequest(a1, 1), files.findSent()]) {
    await expect(attempt).rejects.toMatchObject({
      code: 'PIPE_TARGET_SCHEMA',
      message: expect.stringContaining('alter table ingested_file rename column lost to rows_lost_at'),
    });
  }
  await expect(new PostgresAppliedOffsets(database).read('t')).rejects.toMatchObject({
    code: 'PIPE_TARGET_SCHEMA',
    message: expect.stringContaining('rename to applied_offset'),
  });
});

describe('tables that other statements can write', () => {
  test.each([
    ['totals without a key', 'alter table department_employee_salary drop constraint department_employee_salary_pkey'],
    [
      'totals with a deferrable key',
      `alter table department_employee_salary drop constraint department_employee_salary_pkey;
       alter table department_employee_salary add primary key (department) deferrable`,
    ],
    ['rows without a key', 'alter table department_employee drop constraint department_employee_pkey'],
    [
      'rows with a deferrable key',
      `alter table department_employee drop constraint department_employee_pkey;
       alter table department_employee add primary key (file_id, row_number) deferrable initially deferred`,
    ],
    ['a further column', 'alter table department_employee add note text'],
  ])('%s: each row counts once, also when batches are repeated and run at the same time', async (_, ddl) => {
    await client.query(ddl);
    await Promise.all(Array.from({ length: 4 }, () => loader.load([...records(5), ...records(5)])));
    expect(await subject.totals()).toEqual({ EMS: 5_015 });
    expect(await wrongTotals(database)).toEqual([]);
    expect(await subject.ledger.finish(a1, countsOf(5))).toBe('complete');
    const a2 = arrivalOf('a.csv', '2');
    await subject.ledger.register(a2, mustNotBeCalled);
    expect(await subject.ledger.takeOver(a2, mustNotBeCalled)).toBe('loading');
    expect(await subject.totals()).toEqual({});
    expect(deadLetters.deadLetters).toEqual([]);
  });
});

describe('tables that refuse all rows', () => {
  const cases: [string, string, RegExp][] = [
    [
      'a column is too narrow',
      'alter table department_employee alter department type varchar(2)',
      /column department of table department_employee.*22001/,
    ],
    [
      'the total is too narrow',
      "alter table department_employee_salary alter total_salary type smallint; insert into department_employee_salary values ('EMS', 32700, 1)",
      /column total_salary.*22003/,
    ],
    ['a type is too narrow', 'alter table department_employee alter salary type smallint', /column salary.*22003/],
    ['a column is missing', 'alter table department_employee drop hire_date', /column hire_date.*42703/],
    [
      'a column was renamed',
      'alter table department_employee rename department to dept',
      /42703.*rename column dept to department/,
    ],
    [
      'a table is missing',
      'alter table department_employee_salary rename to totals',
      /table department_employee_salary.*42P01/,
    ],
    [
      'a helper table is missing',
      'drop table refused_row; alter table ingested_key rename to k',
      /table ingested_key.*42P01/,
    ],
    ['a further column is required', 'alter table department_employee add need int not null', /column need.*23502/],
    [
      'a CHECK of the rows',
      'alter table department_employee add constraint rich check (salary > 1000000)',
      /23514, constraint rich of table department_employee.*drop constraint rich/,
    ],
    [
      'a CHECK of the totals',
      'alter table department_employee_salary add constraint none check (total_salary < 0)',
      /23514, constraint none of table department_employee_salary/,
    ],
    ['a trigger that raises', trigger(`raise exception 'secret %', new.salary;`), /trigger refusing.*P0001/],
    ['a trigger that suppresses rows', trigger('return null;'), /trigger refusing.*PIPE_WRITE_SUPPRESSED/],
  ];

  describe.each(deliveries)('%s', (delivery) => {
    test.each(cases)('because %s, make everything wait and say why', async (_, ddl, expected) => {
      await client.query(ddl.replace('smallint', 'smallint'));
      const errors = await deliver(
        records(3).map((record) => ({
          ...record,
          value: Buffer.from(String(record.value).replace(/"salary":\d+/, '"salary":40000')),
        })),
        delivery,
      );
      expect(errors).toHaveLength(delivery === 'in one batch' ? 1 : 3);
      for (const error of errors) {
        expect(error).toBeInstanceOf(SchemaError);
        expect((error as Error).message).toMatch(expected);
        expect((error as Error).message).not.toMatch(/secret|40000|Medic/);
      }
      expect(deadLetters.deadLetters).toEqual([]);
    });
  });

  test('let the rows be loaded when they are corrected as the message says', async () => {
    await client.query('alter table department_employee alter department type varchar(2)');
    const [error] = await deliver(records(3), 'in one batch');
    await client.query(/run in the target database: (.*?)\. Until/.exec((error as Error).message)?.[1] ?? '');
    expect(await deliver(records(3), 'in one batch')).toEqual([]);
    expect(await subject.totals()).toEqual({ EMS: 3_006 });
  });
});

describe('a rule that refuses some rows', () => {
  describe.each(deliveries)('%s', (delivery) => {
    test.each<[string, string, RegExp]>([
      [
        'a CHECK',
        'alter table department_employee add constraint poor check (salary < 5000)',
        /23514, constraint poor/,
      ],
      [
        'a foreign key',
        'create table known (n int primary key); insert into known select generate_series(1001, 1010); alter table department_employee add constraint known foreign key (salary) references known',
        /23503, constraint known/,
      ],
      [
        'a deferred foreign key',
        'create table known (n int primary key); insert into known select generate_series(1001, 1010); alter table department_employee add constraint known foreign key (salary) references known deferrable initially deferred',
        /23503, constraint known/,
      ],
      [
        'a trigger',
        trigger(`if new.salary > 5000 then raise exception 'secret'; end if; return new;`),
        /P0001, function refuse/,
      ],
      [
        'a trigger that suppresses rows',
        trigger('if new.salary > 5000 then return null; end if; return new;'),
        /PIPE_WRITE_SUPPRESSED/,
      ],
    ])('%s makes dead letters of them and of no others', async (_, ddl, expected) => {
      await client.query(ddl);
      expect(await deliver(records(8, 9_000), delivery)).toEqual([]);
      expect(await subject.totals()).toEqual({ EMS: 8 * 1_000 + 36 - 1_004 });
      expect(await wrongTotals(database)).toEqual([]);
      expect(deadLetters.deadLetters).toMatchObject([
        { code: 'PIPE_ROW_REFUSED', reason: expect.stringMatching(expected) },
      ]);
      expect(await subject.ledger.finish(a1, countsOf(8))).toBe('complete');
    });
  });

  test('a unique constraint makes dead letters instead of rows that are skipped in silence', async () => {
    await client.query('alter table department_employee add constraint one unique (salary)');
    expect(await deliver(records(6, 1_001), 'in one batch')).toEqual([]);
    expect(deadLetters.deadLetters).toMatchObject([{ reason: expect.stringMatching(/23505, constraint one/) }]);
    expect(await subject.account(a1)).toMatchObject({ loaded: 5, refused: 1 });
  });

  test('is told from one that refuses all rows by rows that other batches load', async () => {
    await client.query('alter table department_employee alter position_title type varchar(5)');
    const long = records(1).map((record) => ({
      ...record,
      value: Buffer.from(String(record.value).replace('Medic', 'Paramedic')),
    }));
    expect(await deliver(long, 'in one batch')).toEqual([expect.any(SchemaError)]);
    expect(await deliver(records(5).slice(4), 'in one batch')).toEqual([]);
    expect(await deliver(long, 'in one batch')).toEqual([]);
    expect(deadLetters.deadLetters).toMatchObject([{ reason: expect.stringMatching(/22001/) }]);
  });
});
