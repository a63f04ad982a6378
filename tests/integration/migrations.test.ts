import { join } from 'node:path';
import { Database } from '../../functions/adapters/postgres/database.ts';
import { PostgresSchemaMigrator } from '../../functions/adapters/postgres/postgres-schema-migrator.ts';
import type { Migration } from '../../functions/ports/schema-migrator.ts';
import { readMigrations } from '../../functions/provision/migration-files.ts';
import { SQL } from '../support/salary-database.ts';
import { createDatabase } from '../support/servers.ts';

const migrate = (database: Database, migrations: readonly Migration[]) =>
  new PostgresSchemaMigrator(database).migrate(migrations);

const opened: Database[] = [];

async function openEmpty(which: 'source' | 'target', maxConnections = 1): Promise<Database> {
  const url = await createDatabase(which);
  const database = await Database.open({ url, applicationName: 'test', maxConnections });
  opened.push(database);
  return database;
}

afterAll(() => Promise.all(opened.map((database) => database.close())));

describe.each(['source', 'target'] as const)('the migrations of the %s', (which) => {
  const read = () => readMigrations(join(SQL, which));

  it('apply in order to an empty database, and once only', async () => {
    const database = await openEmpty(which);
    const migrations = await read();
    expect(await migrate(database, migrations)).toEqual(migrations.map(({ name }) => name).sort());
    expect(await migrate(database, migrations)).toEqual([]);
  });

  it('apply once when twenty run at the same time', async () => {
    const database = await openEmpty(which, 20);
    const migrations = await read();
    const applied = await Promise.all(Array.from({ length: 20 }, () => migrate(database, migrations)));
    expect(applied.flat().sort()).toEqual(migrations.map(({ name }) => name).sort());
  });
});

describe('migrate', () => {
  it('refuses a migration that reads otherwise than when it was applied', async () => {
    const database = await openEmpty('target');
    await migrate(database, [{ name: '0001_first', sql: 'create table first (id int)' }]);
    await expect(
      migrate(database, [{ name: '0001_first', sql: 'create table first (id bigint)' }]),
    ).rejects.toMatchObject({ code: 'PIPE_MIGRATION_CHANGED', retry: 'manual' });
  });

  it('leaves nothing of a migration that fails, and keeps those before it', async () => {
    const database = await openEmpty('target');
    const migrations = [
      { name: '0001_good', sql: 'create table good (id int)' },
      { name: '0002_bad', sql: 'create table half (id int); select 1/0' },
    ];
    await expect(migrate(database, migrations)).rejects.toMatchObject({ code: '22012' });
    const { rows } = await database.query(
      `select to_regclass('good') is not null as good, to_regclass('half') as half`,
    );
    expect(rows).toEqual([{ good: true, half: null }]);
    expect(await migrate(database, [{ name: '0001_good', sql: 'create table good (id int)' }])).toEqual([]);
  });

  it('waits for another one for longer than a statement may take', async () => {
    const database = await openEmpty('target', 2);
    await migrate(database, [
      {
        name: '0001_slow',
        sql: `select pg_sleep(0.1); create table slow as select current_setting('statement_timeout') as timeout`,
      },
    ]);
    const { rows } = await database.query('select timeout from slow');
    expect(rows).toEqual([{ timeout: '0' }]);
    const after = await database.query(`select current_setting('statement_timeout') as timeout`);
    expect(after.rows).toEqual([{ timeout: '1min' }]);
  });
});
