import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { Database } from '../../../../functions/adapters/postgres/database.ts';
import { PostgresSchemaMigrator } from '../../../../functions/adapters/postgres/postgres-schema-migrator.ts';
import { readMigrations } from '../../../../functions/provision/migration-files.ts';
import { eventually } from '../../../support/eventually.ts';
import { SQL_DIRECTORY } from '../../../support/migrated-database.ts';
import { createDatabase } from '../../../support/servers.ts';

const opened: Database[] = [];

const LF = 'create table lines (\n id int)\n';
const CRLF = LF.replaceAll('\n', '\r\n');

async function openEmpty(which: 'source' | 'target', maxConnections = 1) {
  const url = await createDatabase(which);
  const database = await Database.open({ url, applicationName: 'test', maxConnections });
  opened.push(database);
  return { database, migrator: new PostgresSchemaMigrator(database) };
}

afterAll(() => Promise.all(opened.map((database) => database.close())));

describe.each(['source', 'target'] as const)('the migrations of the %s', (which) => {
  const read = () => readMigrations(join(SQL_DIRECTORY, which));

  it('are applied in order to an empty database, and only once', async () => {
    const { migrator } = await openEmpty(which);
    const migrations = await read();
    expect(await migrator.migrate(migrations)).toEqual(migrations.map(({ name }) => name).sort());
    expect(await migrator.migrate(migrations)).toEqual([]);
  });

  it('are applied once by twenty callers at the same time', async () => {
    const { migrator } = await openEmpty(which, 20);
    const migrations = await read();
    const applied = await Promise.all(Array.from({ length: 20 }, () => migrator.migrate(migrations)));
    expect(applied.flat().sort()).toEqual(migrations.map(({ name }) => name).sort());
  });
});

describe('PostgresSchemaMigrator', () => {
  it('applies migrations in the order of their names', async () => {
    const { migrator } = await openEmpty('target');
    const migrations = [
      { name: '0002_column', sql: 'alter table first add column name text' },
      { name: '0001_first', sql: 'create table first (id int)' },
    ];
    expect(await migrator.migrate(migrations)).toEqual(['0001_first', '0002_column']);
  });

  it('refuses a migration whose text changed after it was applied', async () => {
    const { migrator } = await openEmpty('target');
    await migrator.migrate([{ name: '0001_first', sql: 'create table first (id int)' }]);
    await expect(
      migrator.migrate([{ name: '0001_first', sql: 'create table first (id bigint)' }]),
    ).rejects.toMatchObject({ code: 'PIPE_MIGRATION_CHANGED', retry: 'manual' });
  });

  it.each([
    ['LF and found with CRLF', LF, CRLF],
    ['CRLF and found with LF', CRLF, LF],
    ['LF and found with a byte order mark', LF, `\uFEFF${LF}`],
  ])('skips a migration that was applied with %s', async (_, applied, found) => {
    const { migrator } = await openEmpty('target');
    await migrator.migrate([{ name: '0001_lines', sql: applied }]);
    expect(await migrator.migrate([{ name: '0001_lines', sql: found }])).toEqual([]);
  });

  it.each([
    ['LF', LF],
    ['CRLF', CRLF],
  ])('accepts a stored checksum of the text with %s', async (_, stored) => {
    const { database, migrator } = await openEmpty('target');
    await migrator.migrate([{ name: '0001_lines', sql: LF }]);
    const sha256 = createHash('sha256').update(stored).digest('hex');
    await database.query('update _private_migration set sha256 = $1', [sha256]);
    for (const sql of [LF, CRLF]) expect(await migrator.migrate([{ name: '0001_lines', sql }])).toEqual([]);
  });

  it('leaves nothing of a migration that fails, and keeps those before it', async () => {
    const { database, migrator } = await openEmpty('target');
    const good = { name: '0001_good', sql: 'create table good (id int)' };
    const bad = { name: '0002_bad', sql: 'create table half (id int); select 1/0' };
    await expect(migrator.migrate([good, bad])).rejects.toMatchObject({ code: '22012' });
    const { rows } = await database.query(
      `select to_regclass('good') is not null as good, to_regclass('half') as half`,
    );
    expect(rows).toEqual([{ good: true, half: null }]);
    expect(await migrator.migrate([good])).toEqual([]);
  });

  it('leaves what a newer version has applied, as after a rollback', async () => {
    const { database, migrator } = await openEmpty('target');
    const [older, newer] = [
      { name: '0001_older', sql: 'create table older (id int)' },
      { name: '0002_newer', sql: 'alter table older add column name text' },
    ];
    await migrator.migrate([older, newer]);
    expect(await migrator.migrate([older])).toEqual([]);
    expect((await database.query('select name from older')).rows).toEqual([]);
    expect(await migrator.migrate([older, newer])).toEqual([]);
  });

  it('has no statement timeout, and leaves that of other statements unchanged', async () => {
    const { database, migrator } = await openEmpty('target');
    const sql = `create table during as select current_setting('statement_timeout') as timeout`;
    await migrator.migrate([{ name: '0001_during', sql }]);
    expect((await database.query('select timeout from during')).rows).toEqual([{ timeout: '0' }]);
    const after = await database.query(`select current_setting('statement_timeout') as timeout`);
    expect(after.rows).toEqual([{ timeout: '1min' }]);
  });

  describe('a migration whose table is locked by a long transaction', () => {
    const first = { name: '0001_first', sql: 'create table held (id int)' };
    const second = { name: '0002_second', sql: 'alter table held add column name text' };

    it('lets the statements of others pass, and is applied when that transaction ends', async () => {
      const { database, migrator } = await openEmpty('target', 4);
      await migrator.migrate([first]);
      const mayEnd = Promise.withResolvers<void>();
      const holder = database.transaction(async (client) => {
        await client.query('insert into held values (1)');
        await mayEnd.promise;
      });
      const migration = migrator.migrate([first, second]);
      await eventually(async () => {
        const { rows } = await database.query(`select from pg_stat_activity where wait_event_type = 'Lock'
          and datname = current_database() and query like 'alter table held%'`);
        return rows.length > 0;
      });
      // It queues up behind the migration, which queues up behind the transaction.
      await database.query('insert into held values (2)');
      mayEnd.resolve();
      await holder;
      expect(await migration).toEqual(['0002_second']);
    });

    it('says what to do when that takes too long', async () => {
      const { database } = await openEmpty('target', 2);
      const migrator = new PostgresSchemaMigrator(database, { retryForMs: 0 });
      await migrator.migrate([first]);
      await database.transaction(async (client) => {
        await client.query('insert into held values (1)');
        await expect(migrator.migrate([first, second])).rejects.toMatchObject({
          code: 'PIPE_MIGRATION_LOCKED',
          message: expect.stringMatching(/0002_second.*pg_terminate_backend/),
        });
      });
    });
  });
});
