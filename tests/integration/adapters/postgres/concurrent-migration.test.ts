import type { PoolClient } from 'pg';
import { Database } from '../../../../functions/adapters/postgres/database.ts';
import { nextStep } from '../../../../functions/adapters/postgres/concurrent-index-step.ts';
import { PostgresSchemaMigrator } from '../../../../functions/adapters/postgres/postgres-schema-migrator.ts';
import { eventually } from '../../../support/eventually.ts';
import { createDatabase } from '../../../support/servers.ts';

const TABLE = { name: '0001_table', sql: 'create table big (id int, name text)' };
const INDEX = { name: '0002_index', sql: '-- why\ncreate index concurrently big_name on big (name);\n' };
const MIGRATIONS = [TABLE, INDEX];

let database: Database;
let migrator: PostgresSchemaMigrator;

beforeEach(async () => {
  const url = await createDatabase('target');
  database = await Database.open({ url, applicationName: 'test', maxConnections: 10 });
  migrator = new PostgresSchemaMigrator(database);
  await migrator.migrate([TABLE]);
  await database.query(`insert into big select each, 'a' from generate_series(1, 100) as each`);
});
afterEach(() => database.close());

const indexes = async () => {
  const { rows } = await database.query<{ name: string; valid: boolean }>(
    `select indexrelid::regclass::text as name, indisvalid as valid from pg_index where indrelid = 'big'::regclass`,
  );
  return rows.map(({ name, valid }) => [name, valid]);
};
const VALID = [['big_name', true]];

/** Runs `work` while a transaction has written the table, for which the build of an index waits. */
async function whileWritten<Result>(work: (client: PoolClient) => Promise<Result>): Promise<Result> {
  return database.transaction(async (client) => {
    await client.query(`insert into big values (0, 'open')`);
    return work(client);
  });
}

/** The view has the builds of all databases of the server. */
const BUILDS = 'from pg_stat_progress_create_index where datname = current_database()';

const untilBuilding = () =>
  eventually(async () => {
    const { rows } = await database.query(`select pid ${BUILDS}`);
    return rows.length > 0;
  });

describe('a migration that is one "create index concurrently"', () => {
  it('is applied once, and again by nobody, also by eight callers at the same time', async () => {
    const applied = await Promise.all(Array.from({ length: 8 }, () => migrator.migrate(MIGRATIONS)));
    expect(applied.flat()).toEqual([INDEX.name]);
    expect(await indexes()).toEqual(VALID);
    expect(await migrator.migrate(MIGRATIONS)).toEqual([]);
    expect((await database.query('select from _private_migration_started')).rowCount).toBe(0);
  });

  it('is applied from a file with a byte order mark', async () => {
    expect(await migrator.migrate([TABLE, { ...INDEX, sql: `\uFEFF${INDEX.sql}` }])).toEqual([INDEX.name]);
  });

  it('lets writers go on while it waits for an open transaction', async () => {
    const { migration } = await whileWritten(async () => {
      const running = migrator.migrate(MIGRATIONS);
      await untilBuilding();
      await database.query(`insert into big values (101, 'written meanwhile')`);
      return { migration: running };
    });
    expect(await migration).toEqual([INDEX.name]);
    expect(await indexes()).toEqual(VALID);
  });

  it('is made again after the session that built it has died', async () => {
    await whileWritten(async () => {
      const running = migrator.migrate(MIGRATIONS).catch((error: Error) => error);
      await untilBuilding();
      await database.query(`select pg_terminate_backend(pid) ${BUILDS}`);
      expect(await running).toBeInstanceOf(Error);
    });
    expect(await indexes()).toEqual([['big_name', false]]);
    expect(await migrator.migrate(MIGRATIONS)).toEqual([INDEX.name]);
    expect(await indexes()).toEqual(VALID);
  });

  it('is dropped only when two looks find it invalid, because the first may be at the moment at which a build ends', async () => {
    const look = (wasInvalid: boolean) =>
      database.transaction((client) => nextStep(client, INDEX, 'big_name', { wasInvalid, hasDropped: false }));
    await database.query('insert into _private_migration_started values ($1)', [INDEX.name]);
    await database.query('create index big_name on big (name)');
    await database.query(`update pg_index set indisvalid = false where indexrelid = 'big_name'::regclass`);
    expect(await look(false)).toBe('suspect');
    expect(await look(true)).toBe('drop');
    await database.query(`update pg_index set indisvalid = true where indexrelid = 'big_name'::regclass`);
    expect(await look(true)).toBe('finish');
  });

  it('is built again by a caller that dropped it when another one had just finished it', async () => {
    await migrator.migrate(MIGRATIONS);
    const look = (hasDropped: boolean) =>
      database.transaction((client) => nextStep(client, INDEX, 'big_name', { wasInvalid: false, hasDropped }));
    expect([await look(false), await look(true)]).toEqual(['applied', 'applied']);
    await database.query('drop index big_name');
    expect([await look(false), await look(true)]).toEqual(['applied', 'build']);
  });

  it('is not made again when only its record is missing, as after a crash in between', async () => {
    await database.query('insert into _private_migration_started values ($1)', [INDEX.name]);
    await database.query('create index big_name on big (name)');
    const { rows: before } = await database.query(`select 'big_name'::regclass::oid as oid`);
    expect(await migrator.migrate(MIGRATIONS)).toEqual([INDEX.name]);
    expect((await database.query(`select 'big_name'::regclass::oid as oid`)).rows).toEqual(before);
  });

  it('waits for an index that the server still builds for a function that has ended', async () => {
    const { migration } = await whileWritten(async () => {
      const first = migrator.migrate(MIGRATIONS);
      await untilBuilding();
      return { migration: Promise.all([first, migrator.migrate(MIGRATIONS)]) };
    });
    expect((await migration).flat()).toEqual([INDEX.name]);
    expect(await indexes()).toEqual(VALID);
  });

  it('ends in time, says which migration takes too long, and continues the next time', async () => {
    await whileWritten(async () => {
      const limited = new PostgresSchemaMigrator(database, { deadline: { remainingMs: () => 300 } });
      await expect(limited.migrate(MIGRATIONS)).rejects.toMatchObject({
        ...{ code: 'PIPE_MIGRATION_TIMEOUT', message: expect.stringContaining(INDEX.name) },
      });
      expect((await database.query(`select ${BUILDS}`)).rowCount).toBe(0);
    });
    expect(await migrator.migrate(MIGRATIONS)).toEqual([INDEX.name]);
    expect(await indexes()).toEqual(VALID);
  });

  it('fails when an index of another origin has its name, or its rows violate it', async () => {
    await database.query('create index big_name on big (id)');
    await expect(migrator.migrate(MIGRATIONS)).rejects.toMatchObject({ code: 'PIPE_MIGRATION_INDEX' });
    const unique = { name: '0003_unique', sql: 'create unique index concurrently big_unique on big (name)' };
    await expect(migrator.migrate([TABLE, unique])).rejects.toMatchObject({ code: '23505' });
  });
});

it('a migration in a transaction ends in time, and leaves nothing', async () => {
  const limited = new PostgresSchemaMigrator(database, { deadline: { remainingMs: () => 300 } });
  const slow = { name: '0002_slow', sql: 'create table slow (id int); select pg_sleep(60)' };
  await expect(limited.migrate([TABLE, slow])).rejects.toMatchObject({ code: 'PIPE_MIGRATION_TIMEOUT' });
  expect((await database.query(`select to_regclass('slow') as slow`)).rows).toEqual([{ slow: null }]);
});
