import type { PoolClient } from 'pg';
import { sqlStateOf } from '../../core/classify-error.ts';
import { PipelineError } from '../../core/errors.ts';
import type { RoleInstaller } from '../../ports/role-installer.ts';
import type { Migration } from '../../ports/schema-migrator.ts';
import type { Database } from './database.ts';
import { LOCK_REMEDY, LOCK_RETRY_FOR_MS, lockForMigration, retryWhileLocked } from './migration-lock.ts';
import { quoteIdentifier } from './quote-identifier.ts';

const PREFIX = 'employee_streams_';

/** On RDS, a member of this role signs in with IAM tokens and has no password. */
const TOKEN_ROLE = 'rds_iam';

/** Another transaction, maybe in another database of the server, has created the role. */
const EXISTS = new Set(['42710', '23505']);
const FORBIDDEN = '42501';

/**
 * The lists as rows with one privilege each. `is_own` marks those of the first list, whose objects belong to this project. An
 * object that does not exist, such as a renamed table, is left out.
 */
const wantedOf = (lists: readonly Migration[]) => `
  listed as (
    select '${PREFIX}' || role as role, object, upper(trim(privilege)) as privilege, is_own
    from (${lists.map(({ sql }, at) => `select *, ${at === 0} from (${sql}\n) as list`).join(' union all ')}) as grants (role, object, privileges, is_own)
    cross join lateral unnest(string_to_array(privileges, ',')) as privilege
  ), wanted as (
    select role, to_regclass(object)::oid as id, false as is_function, privilege, is_own from listed where object not like '%)'
    union
    select role, to_regprocedure(object)::oid, true, privilege, is_own from listed where object like '%)'
  )`;

const ROLES = (lists: readonly Migration[]) => `
  with ${wantedOf(lists)}
  select role, exists (select from pg_roles where rolname = role) as "exists" from (select distinct role from listed) as roles
  order by role`;

/**
 * The statements that grant what the lists name, and take back what the roles may do besides with the objects of the first
 * list. PostgreSQL lets everybody execute a new function, and so a restored one, which is taken back too.
 */
const DIFFERENCES = (lists: readonly Migration[], tokenRole: string) => `
  with ${wantedOf(lists)}, present as (
    select rolname::text as role, pg_class.oid as id, false as is_function, privilege_type as privilege
    from pg_class cross join lateral aclexplode(relacl) as acl join pg_roles on pg_roles.oid = grantee
    where starts_with(rolname, '${PREFIX}') and pg_class.oid in (select id from wanted where not is_function)
    union all
    select coalesce(rolname::text, 'public'), pg_proc.oid, true, privilege_type
    from pg_proc cross join lateral aclexplode(coalesce(proacl, acldefault('f', proowner))) as acl
    left join pg_roles on pg_roles.oid = grantee
    where (grantee = 0 or starts_with(rolname, '${PREFIX}')) and pg_proc.oid in (select id from wanted where is_function)
  ), missing as (
    select role, id, is_function, privilege from wanted where id is not null except select * from present
  ), surplus as (
    select * from present where (id, is_function) in (select id, is_function from wanted where is_own)
    except select role, id, is_function, privilege from wanted
  ), changes as (
    select 'grant' as verb, 'to' as preposition, * from missing union all select 'revoke', 'from', * from surplus
  ), roles as (
    select distinct role from listed
  )
  select format('%s %s on %s %s %s %s', verb, string_agg(lower(privilege), ', ' order by privilege),
    case when is_function then 'function'
      when (select relkind from pg_class where oid = id) = 'S' then 'sequence' else 'table' end,
    case when is_function then id::regprocedure::text else id::regclass::text end, preposition,
    case role when 'public' then role else quote_ident(role) end) as statement
  from changes group by verb, preposition, is_function, id, role
  union all
  select format('grant usage on schema %s to %I', schema::regnamespace, role) from (
    select role, 'public'::regnamespace::oid as schema from roles
    union select role, relnamespace from wanted join pg_class on oid = id where not is_function
  ) as schemas where not has_schema_privilege(role, schema, 'usage')
  union all
  select format('grant connect on database %I to %I', current_database(), role)
  from roles where not has_database_privilege(role, current_database(), 'connect')
  union all
  select format('grant ${tokenRole} to %I', role) from roles
  where exists (select from pg_roles where rolname = '${tokenRole}') and not exists (
    select from pg_auth_members where roleid = to_regrole('${tokenRole}') and member = to_regrole(role))
  order by statement`;

interface RoleInstallerOptions {
  /** Of which the roles become members where it exists. Default: that of RDS. */
  readonly tokenRole?: string;
  /** How long the installation is repeated while other transactions change the same roles or privileges. */
  readonly retryForMs?: number;
}

/** Compares the privileges with the lists, and changes only what differs. */
export class PostgresRoleInstaller implements RoleInstaller {
  readonly #database: Database;
  readonly #tokenRole: string;
  readonly #retryForMs: number;

  constructor(
    database: Database,
    { tokenRole = TOKEN_ROLE, retryForMs = LOCK_RETRY_FOR_MS }: RoleInstallerOptions = {},
  ) {
    this.#database = database;
    this.#tokenRole = tokenRole;
    this.#retryForMs = retryForMs;
  }

  async install(lists: readonly Migration[]): Promise<readonly string[]> {
    if (lists.length === 0) return [];
    return retryWhileLocked(this.#database, this.#retryForMs, roleLockedError, async (client) => {
      await lockForMigration(client);
      return [...(await createRoles(client, lists)), ...(await this.#correctPrivileges(client, lists))];
    });
  }

  async #correctPrivileges(client: PoolClient, lists: readonly Migration[]): Promise<string[]> {
    const findDifferences = () => client.query<{ statement: string }>(DIFFERENCES(lists, this.#tokenRole));
    const { rows } = await findDifferences();
    for (const { statement } of rows) {
      await client.query(statement).catch((error: unknown) => {
        throw sqlStateOf(error) === FORBIDDEN ? refusedError(statement, error) : error;
      });
    }
    if (rows.length === 0) return [];
    // Without the right to grant, PostgreSQL may only warn.
    const { rows: left } = await findDifferences();
    if (left[0] !== undefined) throw refusedError(left[0].statement);
    return rows.map(({ statement }) => statement);
  }
}

async function createRoles(client: PoolClient, lists: readonly Migration[]): Promise<string[]> {
  const { rows } = await client.query<{ role: string; exists: boolean }>(ROLES(lists));
  const created: string[] = [];
  for (const { role } of rows.filter(({ exists }) => !exists)) {
    const statement = `create role ${quoteIdentifier(role)} login`;
    await client.query('savepoint role');
    try {
      await client.query(statement);
      created.push(statement);
    } catch (error) {
      if (sqlStateOf(error) === FORBIDDEN) throw refusedError(statement, error);
      if (!EXISTS.has(sqlStateOf(error))) throw error;
      await client.query('rollback to savepoint role');
    }
  }
  return created;
}

function refusedError(statement: string, cause?: unknown): PipelineError {
  return new PipelineError(
    'PIPE_GRANT_REFUSED',
    `expected the user of provision to have the right to run "${statement}", found that it has not; run it as a user that ` +
      'has it, such as the owner of the object, then run provision again',
    { retry: 'manual', cause },
  );
}

function roleLockedError(cause: unknown): PipelineError {
  return new PipelineError(
    'PIPE_MIGRATION_LOCKED',
    `expected to create the roles of the functions and to correct their privileges, found that other transactions change the same; ${LOCK_REMEDY}`,
    { retry: 'manual', cause },
  );
}
