import { inspect } from 'node:util';
import { Database } from '../../../../functions/adapters/postgres/database.ts';
import { createDatabase } from '../../../support/servers.ts';

describe('Database', () => {
  it('works again after its connection breaks between two statements of a transaction', async () => {
    const url = await createDatabase('target');
    const database = await Database.open({ url, applicationName: 'to-be-killed' });
    const other = await Database.open({ url, applicationName: 'test' });
    const attempt = database.transaction(async (client) => {
      await client.query('select 1');
      const ended = new Promise<void>((resolve) => client.once('end', resolve));
      await other.query(
        `select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'to-be-killed'`,
      );
      await ended;
      await client.query('select 2');
    });
    await expect(attempt).rejects.toThrow();
    expect((await database.query('select 3 as alive')).rows).toEqual([{ alive: 3 }]);
    await Promise.all([database.close(), other.close()]);
  });

  it.each([
    ['a value of the wrong type', "select 'Ada 123456'::integer", '22P02'],
    [
      'a row that a constraint refuses',
      "insert into salary values ('Ada', 123456)",
      '23514, constraint low of table salary',
    ],
    [
      'a duplicate key',
      "insert into salary values ('Ada', 11), ('Ada', 12)",
      '23505, constraint only_one of table salary',
    ],
    ['an error of a trigger', "insert into salary values ('Bob', 2)", 'P0001, function refuse()'],
  ])('names what refuses %s, and not the values', async (_, statement, fault) => {
    const database = await Database.open({ url: await createDatabase('target'), applicationName: 'test' });
    await database.query(`create table salary (name text constraint only_one unique, amount int constraint low check (amount < 100));
      create function refuse() returns trigger language plpgsql as $$
        begin execute format('select %L', new.name || ' 123456'); raise 'no % 123456', new.name using hint = 'Ada 123456'; end $$;
      create trigger refuse before insert on salary for each row when (new.amount = 2) execute function refuse()`);
    for (const attempt of [database.query(statement), database.transaction((client) => client.query(statement))]) {
      const error = await attempt.catch((thrown: unknown) => thrown);
      // As a log does: every field, the stack and the causes.
      const shown = inspect(error, { depth: 5 }) + JSON.stringify(error);
      expect(shown).toContain(fault);
      expect(shown).not.toMatch(/Ada|Bob|123456/);
    }
    await database.close();
  });
});
