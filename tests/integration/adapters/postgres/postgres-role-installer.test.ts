import { join } from 'node:path';
import { Database } from '../../../../functions/adapters/postgres/database.ts';
import { PostgresRoleInstaller } from '../../../../functions/adapters/postgres/postgres-role-installer.ts';
import { readMigrations } from '../../../../functions/provision/migration-files.ts';
import { databaseUserOf } from '../../../support/database-user.ts';
import { createMigratedDatabase, installRoles, SQL_DIRECTORY } from '../../../support/migrated-database.ts';
import { createDatabase, type DatabaseSide, uniqueName } from '../../../support/servers.ts';

const opened: Database[] = [];

async function open(url: string, user?: string): Promise<Database> {
  const database = await Database.open({ url, user, applicationName: 'test', maxConnections: 4 });
  opened.push(database);
  return database;
}

afterAll(() => Promise.all(opened.map((database) => database.close())));

/** What no function uses directly. */
const UNUSED: Readonly<Record<DatabaseSide, readonly string[]>> = {
  source: ['_private_migration', '_private_migration_started'],
  target: ['_private_migration_started'],
};

const LISTED = (list: string) => `
  select to_regclass(object)::text as name from (${list}) as grants where object not like '%)'
  union select unnest($1::text[])`;

describe.each(['source', 'target'] as const)('the grants of the %s', (side) => {
  let url: string;
  let database: Database;
  let list: string;

  beforeAll(async () => {
    url = await createMigratedDatabase(side);
    database = await open(url);
    list = (await readMigrations(join(SQL_DIRECTORY, `${side}-grants`)))[0]?.sql ?? '';
  });

  it('have every table and view of the migrations, so that none silently lacks a privilege', async () => {
    const { rows } = await database.query<{ name: string }>(
      `select oid::regclass::text as name from pg_class
       where relnamespace = 'public'::regnamespace and relkind in ('r', 'p', 'v', 'm')
         and oid::regclass::text not in (${LISTED(list)})`,
      [UNUSED[side]],
    );
    // A new table needs a line for each function that uses it in sql/source-grants or sql/target-grants, or above.
    expect(rows).toEqual([]);
  });

  it('name only objects that the migrations create', async () => {
    const { rows } = await database.query(
      `select object from (${list}) as grants
       where case when object like '%)' then to_regprocedure(object)::oid else to_regclass(object)::oid end is null`,
    );
    expect(rows).toEqual([]);
  });

  it('are complete, so that a second installation changes nothing', async () => {
    expect(await installRoles(database, side)).toEqual([]);
  });

  it('are corrected: missing privileges are granted, and others revoked', async () => {
    const user = databaseUserOf('verify-replica');
    await database.query(`revoke select on employees from ${user}`);
    await database.query('alter table employees rename to gone');
    await database.query('create table employees (like gone)');
    await database.query(`grant insert, update on employees to ${user}`);
    await database.query(`grant truncate on employees to ${databaseUserOf('dashboard')}`);
    const granted = await installRoles(database, side);
    expect(granted).toEqual(
      expect.arrayContaining([
        `grant select on table employees to ${user}`,
        `revoke insert, update on table employees from ${user}`,
        `revoke truncate on table employees from ${databaseUserOf('dashboard')}`,
      ]),
    );
    expect(await installRoles(database, side)).toEqual([]);
    await database.query('drop table employees');
    await database.query('alter table gone rename to employees');
    await installRoles(database, side);
  });
});

describe('objects of users', () => {
  const user = databaseUserOf('apply-changes');
  let database: Database;

  beforeEach(async () => {
    database = await open(await createMigratedDatabase('target'));
  });

  it('keep the privileges that an operator granted, also where a foreign key needs one more', async () => {
    await database.query('create table audit_log (note text); create table cities (name text primary key)');
    await database.query('alter table employees add column town text references cities');
    await database.query(`grant insert on audit_log, cities to ${user}`);
    expect(await installRoles(database, 'target')).toEqual([`grant select on table cities to ${user}`]);
  });

  it('may be in another schema', async () => {
    await database.query('create schema hr; create table hr.cities (name text primary key)');
    await database.query('alter table employees add column town text references hr.cities');
    expect(await installRoles(database, 'target')).toEqual([
      `grant select on table hr.cities to ${user}`,
      `grant usage on schema hr to ${user}`,
    ]);
    expect(await installRoles(database, 'target')).toEqual([]);
  });

  it('include the sequences of further columns', async () => {
    await database.query('alter table employees add column id2 serial');
    await database.query('create schema hr; create sequence hr.numbers');
    await database.query(`alter table department_employee add column id2 int default nextval('hr.numbers')`);
    expect(await installRoles(database, 'target')).toEqual([
      `grant usage on schema hr to ${databaseUserOf('load-salaries')}`,
      `grant usage on sequence employees_id2_seq to ${user}`,
      `grant usage on sequence hr.numbers to ${databaseUserOf('load-salaries')}`,
    ]);
    expect(await installRoles(database, 'target')).toEqual([]);
  });
});

describe('PostgresRoleInstaller', () => {
  const name = () => uniqueName('t').replaceAll('-', '_');
  const install = (database: Database, list: string) =>
    new PostgresRoleInstaller(database).install([{ name: '0001_grants', sql: list }]);
  const grantsTo = (role: string, object = 'things') =>
    `select role, object, privileges from (values ('${role}', '${object}', 'select, insert')) as g (role, object, privileges)`;

  it('creates a role once for databases of one server that ask at the same time, and each gets its privileges', async () => {
    const role = name();
    const databases = await Promise.all(Array.from({ length: 4 }, async () => open(await createDatabase('target'))));
    for (const database of databases) await database.query('create table things (id int)');
    const statements = await Promise.all(databases.map((database) => install(database, grantsTo(role))));
    expect(statements.flat().filter((statement) => statement.startsWith('create role'))).toHaveLength(1);
    for (const database of databases) expect(await install(database, grantsTo(role))).toEqual([]);
  });

  it('lets nobody use more than what is listed, who is neither superuser nor owner', async () => {
    const role = name();
    const url = await createDatabase('target');
    const owner = await open(url);
    await owner.query('create table things (id int); ');
    await install(owner, grantsTo(role));
    const database = await open(url, `employee_streams_${role}`);
    await database.query('insert into things values (1)');
    await expect(database.query('delete from things')).rejects.toMatchObject({ code: '42501' });
    await expect(database.query('create table mine (id int)')).rejects.toMatchObject({ code: '42501' });
  });

  it('lets only the roles of the list execute a function, also one that a restore without privileges created', async () => {
    const role = name();
    const database = await open(await createDatabase('target'));
    await database.query('create function lock_things() returns int language sql return 1');
    const list = `select '${role}', 'lock_things()', 'execute'`;
    expect(await install(database, list)).toContain('revoke execute on function lock_things() from public');
    expect(await install(database, list)).toEqual([]);
  });

  it('names the statement that it has no right to run', async () => {
    const [role, user] = [name(), name()];
    const url = await createDatabase('target');
    const superuser = await open(url);
    await superuser.query('create table things (id int)');
    await superuser.query(`create role ${user} login createrole`);
    const database = await open(url, user);
    await expect(install(database, grantsTo(role))).rejects.toMatchObject({
      code: 'PIPE_GRANT_REFUSED',
      message: expect.stringContaining(`grant insert, select on table things to employee_streams_${role}`),
    });
    const { rows } = await superuser.query('select from pg_roles where rolname = $1', [`employee_streams_${role}`]);
    expect(rows).toEqual([]);
  });

  it('names the role that it has no right to create', async () => {
    const [role, user] = [name(), name()];
    const url = await createDatabase('target');
    await (await open(url)).query(`create role ${user} login`);
    await expect(install(await open(url, user), grantsTo(role))).rejects.toMatchObject({
      code: 'PIPE_GRANT_REFUSED',
      message: expect.stringContaining(`create role employee_streams_${role} login`),
    });
  });

  it('waits for another transaction that creates the same role, and says what to do when that takes too long', async () => {
    const role = name();
    const database = await open(await createDatabase('target'));
    await database.query('create table things (id int)');
    const files = [{ name: '0001_grants', sql: grantsTo(role) }];
    const installation = await database.transaction(async (client) => {
      await client.query(`create role employee_streams_${role} login`);
      await expect(new PostgresRoleInstaller(database, { retryForMs: 0 }).install(files)).rejects.toMatchObject({
        code: 'PIPE_MIGRATION_LOCKED',
        message: expect.stringContaining('pg_terminate_backend'),
      });
      return { statements: install(database, grantsTo(role)) };
    });
    expect(await installation.statements).toContain(`grant insert, select on table things to employee_streams_${role}`);
  });

  it('lets its roles sign in by token where the server has the role for that', async () => {
    const [role, tokenRole] = [name(), name()];
    const database = await open(await createDatabase('target'));
    await database.query('create table things (id int)');
    const installer = new PostgresRoleInstaller(database, { tokenRole });
    const files = [{ name: '0001_grants', sql: grantsTo(role) }];
    expect(await installer.install(files)).not.toContainEqual(expect.stringContaining(tokenRole));
    await database.query(`create role ${tokenRole}`);
    expect(await installer.install(files)).toEqual([`grant ${tokenRole} to employee_streams_${role}`]);
    expect(await installer.install(files)).toEqual([]);
  });
});
