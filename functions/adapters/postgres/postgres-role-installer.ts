import type { PoolClient } from 'pg';
import { sqlStateOf } from '../../core/classify-error.ts';
import { PipelineError } from '../../core/errors.ts';
import type { RoleInstaller } from '../../ports/role-installer.ts';
import type { Migration } from '../../ports/schema-migrator.ts';
import type { Database } from './database.ts';
import { lockForMigration } from './migration-lock.ts';
import { quoteIdentifier } from './quote-identifier.ts';

const PREFIX = 'employee_streams_';

/** On RDS, a member of this role signs in with IAM tokens and has no password. */
const TOKEN_ROLE = 'rds_iam';

/** Another transaction, maybe in another database of the server, has created the role. */
const EXISTS = new Set(['42710', '23505']);

/** A list of grants as rows with one privilege each. An object that does not exist, such as a renamed table, is left out. */
const wantedOf = (list: string) => `
  listed as (
    select '${PREFIX}' || role as role, object, upper(trim(privilege)) as privilege
    from (${list}) as grants (role, object, privileges)
    cross join lateral unnest(string_to_array(privileges, ',')) as privilege
  ), wanted as (
    select role, to_regclass(object)::oid as id, false as is_function, privilege from listed where object not like '%)'
    union
    select role, to_regprocedure(object)::oid, true, privilege from listed where object like '%)'
  )`;

const ROLES = (list: string) => `
  with ${wantedOf(list)}
  select role, exists (select from pg_roles where rolname = role) as "exists" from (select distinct role from listed) as roles
  order by role`;

/** The statements that make the privileges in schema public those of the list. */
const DIFFERENCES = (list: string, tokenRole: string) => `
  with ${wantedOf(list)}, present as (
    select rolname::text as role, pg_class.oid as id, false as is_function, privilege_type as privilege
    from pg_class cross join lateral aclexplode(relacl) as acl join pg_roles on pg_roles.oid = grantee
    where relnamespace = 'public'::regnamespace and starts_with(rolname, '${PREFIX}')
    union all
    select rolname::text, pg_proc.oid, true, privilege_type
    from pg_proc cross join lateral aclexplode(proacl) as acl join pg_roles on pg_roles.oid = grantee
    where pronamespace = 'public'::regnamespace and starts_with(rolname, '${PREFIX}')
  ), missing as (
    select * from wanted where id is not null except select * from present
  ), surplus as (
    select * from present except select * from wanted
  ), changes as (
    select 'grant' as verb, 'to' as preposition, * from missing union all select 'revoke', 'from', * from surplus
  )
  select format('%s %s on %s %s %s %I', verb, string_agg(lower(privilege), ', ' order by privilege),
    case when is_function then 'function'
      when (select relkind from pg_class where oid = id) = 'S' then 'sequence' else 'table' end,
    case when is_function then id::regprocedure::text else id::regclass::text end, preposition, role) as statement
  from changes group by verb, preposition, is_function, id, role
  union all
  select format('grant usage on schema public to %I', role) from (select distinct role from listed) as roles
  where not has_schema_privilege(role, 'public', 'usage')
  union all
  select format('grant connect on database %I to %I', current_database(), role)
  from (select distinct role from listed) as roles where not has_database_privilege(role, current_database(), 'connect')
  union all
  select format('grant ${tokenRole} to %I', role) from (select distinct role from listed) as roles
  where exists (select from pg_roles where rolname = '${tokenRole}') and not exists (
    select from pg_auth_members where roleid = to_regrole('${tokenRole}') and member = to_regrole(role))
  order by statement`;

/** Compares the privileges with the list, and changes only what differs. */
export class PostgresRoleInstaller implements RoleInstaller {
  readonly #database: Database;
  readonly #tokenRole: string;

  constructor(database: Database, tokenRole = TOKEN_ROLE) {
    this.#database = database;
    this.#tokenRole = tokenRole;
  }

  async install([list]: readonly Migration[]): Promise<readonly string[]> {
    if (list === undefined) return [];
    return this.#database.transaction(async (client) => {
      await lockForMigration(client);
      return [...(await createRoles(client, list.sql)), ...(await this.#correctPrivileges(client, list.sql))];
    });
  }

  async #correctPrivileges(client: PoolClient, list: string): Promise<string[]> {
    const findDifferences = () => client.query<{ statement: string }>(DIFFERENCES(list, this.#tokenRole));
    const { rows } = await findDifferences();
    for (const { statement } of rows) {
      await client.query(statement).catch((error: unknown) => {
        throw sqlStateOf(error) === '42501' ? refusedError(statement, error) : error;
      });
    }
    if (rows.length === 0) return [];
    // Without the right to grant, PostgreSQL may only warn.
    const { rows: left } = await findDifferences();
    if (left[0] !== undefined) throw refusedError(left[0].statement);
    return rows.map(({ statement }) => statement);
  }
}

async function createRoles(client: PoolClient, list: string): Promise<string[]> {
  const { rows } = await client.query<{ role: string; exists: boolean }>(ROLES(list));
  const created: string[] = [];
  for (const { role } of rows.filter(({ exists }) => !exists)) {
    const statement = `create role ${quoteIdentifier(role)} login`;
    await client.query('savepoint role');
    try {
      await client.query(statement);
      created.push(statement);
    } catch (error) {
      if (!EXISTS.has(sqlStateOf(error))) throw error;
      await client.query('rollback to savepoint role');
    }
  }
  return created;
}

function refusedError(statement: string, cause?: unknown): PipelineError {
  return new PipelineError(
    'PIPE_GRANT_REFUSED',
    `expected the user of provision to have the right to run "${statement}", found that it has not; run it as the owner of ` +
      'the object, then run provision again',
    { retry: 'manual', cause },
  );
}
