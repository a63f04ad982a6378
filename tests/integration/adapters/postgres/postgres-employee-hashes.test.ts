import { Database } from '../../../../functions/adapters/postgres/database.ts';
import { COMPARISON_SESSION } from '../../../../functions/adapters/postgres/employees-table.ts';
import { PostgresEmployeeHashes } from '../../../../functions/adapters/postgres/postgres-employee-hashes.ts';
import { describeEmployeeHashes } from '../../../contract/employee-hashes.ts';
import { createDatabase } from '../../../support/servers.ts';

const TABLE = `create table employees (emp_id integer, first_name varchar(100), last_name varchar(100), dob date,
  city varchar(100), salary integer)`;

async function open(ddl = TABLE) {
  const url = await createDatabase('target');
  const settings = { url, applicationName: 'test', maxConnections: 2, sessionSettings: COMPARISON_SESSION };
  const database = await Database.open(settings);
  await database.query(ddl);
  return { database, hashes: new PostgresEmployeeHashes(database), close: () => database.close() };
}

describeEmployeeHashes('PostgresEmployeeHashes', async () => {
  const { database, hashes, close } = await open();
  const setKeys = async (keys: readonly number[]) => {
    await database.query('truncate employees');
    await database.query(`insert into employees (emp_id, city) select key, 'x' from unnest($1::integer[]) as key`, [
      keys,
    ]);
  };
  return { hashes, setKeys, close };
});

describe('PostgresEmployeeHashes', () => {
  it.each(['columns', 'md5'] as const)(
    'tells null from the empty text, and one column from the next, by %s',
    async (method) => {
      const { database, hashes, close } = await open();
      await database.query(
        `insert into employees (emp_id, first_name, last_name) values (1, null, ''), (1, '', null), (1, 'a', 'b'), (1, 'ab', '')`,
      );
      const { rows } = await database.query<{ first_name: string; last_name: string }>('select * from employees');
      const seen = new Set<string>();
      for (const { first_name, last_name } of rows) {
        await database.query('truncate employees');
        await database.query('insert into employees (emp_id, first_name, last_name) values (1, $1, $2)', [
          first_name,
          last_name,
        ]);
        seen.add((await hashes.sumRange({ after: null, until: null }, method)).sum);
      }
      expect(seen.size).toBe(4);
      await close();
    },
  );

  it('hashes equal values equally in columns of wider types, and a key that is there twice differently', async () => {
    const row = `insert into employees values (7, 'Ada', 'Byron', '1815-12-10', 'Rome', 5)`;
    const usual = await open();
    const partitioned = await open(
      `${TABLE} partition by range (emp_id); create table low partition of employees for values from (0) to (100)`,
    );
    for (const { database } of [usual, partitioned]) await database.query(row);
    const all = { after: null, until: null };
    const expected = await usual.hashes.sumRange(all, 'columns');
    expect(await partitioned.hashes.sumRange(all, 'columns')).toEqual(expected);
    await usual.database.query(row);
    expect((await usual.hashes.readHashes(all, 10, 'columns')).get(7)).not.toBe(expected.sum);
    await Promise.all([usual.close(), partitioned.close()]);
  });

  it('leaves out rows of a table that inherits from employees, and refuses other columns', async () => {
    const { database, hashes, close } = await open(`${TABLE}; create table managers () inherits (employees)`);
    await database.query('insert into managers (emp_id) values (1)');
    expect(await hashes.sumRange({ after: null, until: null }, 'columns')).toMatchObject({ count: 0 });
    await database.query('alter table employees drop column city');
    const { hashes: fresh } = { hashes: new PostgresEmployeeHashes(database) };
    await expect(fresh.sumNext(null, 1, 'columns')).rejects.toMatchObject({ code: 'PIPE_VERIFY_IMPOSSIBLE' });
    await close();
  });
});
