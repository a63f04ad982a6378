import type { PoolClient } from 'pg';
import { sqlStateOf } from '../../core/classify-error.ts';
import { PipelineError } from '../../core/errors.ts';
import type { Migration } from '../../ports/schema-migrator.ts';
import type { Database } from './database.ts';

const COMMENT = /--[^\n]*|\/\*[\s\S]*?\*\//g;
const CONCURRENT = /\bindex\s+concurrently\b/i;
const CREATE_INDEX = /^create\s+(?:unique\s+)?index\s+concurrently\s+("[^"]+"|[a-z_][a-z0-9_]*)\s+on\s[^;]*;?$/i;

/**
 * The name of the index, when a migration is one `create index concurrently`. Such a migration runs outside a transaction,
 * so that writers go on while it runs; `null` for every other migration.
 *
 * @throws PipelineError `PIPE_MIGRATION_CONCURRENT` when the statement is in a migration with others, which PostgreSQL refuses.
 */
export function concurrentIndexOf({ name, sql }: Migration): string | null {
  const statement = sql.replace(COMMENT, '').trim();
  if (!CONCURRENT.test(statement)) return null;
  const [, index] = CREATE_INDEX.exec(statement) ?? [];
  if (index !== undefined) return index;
  throw new PipelineError(
    'PIPE_MIGRATION_CONCURRENT',
    `expected "create index concurrently NAME on …" to be the only statement of migration ${name}, found others; write a migration for each`,
    { retry: 'manual', context: { migration: name } },
  );
}

/** `building`: a session builds an index on its table now, maybe for a function that has ended. */
export type IndexState = 'missing' | 'building' | 'invalid' | 'valid';

export async function readIndexState(client: PoolClient, index: string): Promise<IndexState> {
  const { rows } = await client.query<{ valid: boolean; building: boolean }>(
    `select indisvalid as valid,
       exists (select from pg_stat_progress_create_index
         where datname = current_database() and relid = indrelid) as building
     from pg_index where indexrelid = to_regclass($1)`,
    [index],
  );
  const [found] = rows;
  if (found === undefined) return 'missing';
  if (found.building) return 'building';
  return found.valid ? 'valid' : 'invalid';
}

/** Another caller has begun the same index at the same time. The constraint is that of the names of tables and indexes. */
function isBegunByOther(error: unknown): boolean {
  const { constraint } = error as { constraint?: string };
  return sqlStateOf(error) === '42P07' || constraint === 'pg_class_relname_nsp_index';
}

/** The index no longer exists. */
const UNDEFINED_OBJECT = '42704';

/**
 * Builds the index. Resolves also when another caller builds it meanwhile.
 *
 * @param timeoutMs when the server ends the statement, 0 for never; an invalid index is then left.
 */
export async function buildIndex(database: Database, sql: string, timeoutMs: number): Promise<void> {
  await runAlone(database, sql, timeoutMs).catch((error) => {
    if (!isBegunByOther(error)) throw error;
  });
}

/** Removes what is left of an index whose build has failed. */
export async function dropIndex(database: Database, index: string, timeoutMs: number): Promise<void> {
  await runAlone(database, `drop index concurrently ${index}`, timeoutMs).catch((error) => {
    if (sqlStateOf(error) !== UNDEFINED_OBJECT) throw error;
  });
}

async function runAlone(database: Database, statement: string, timeoutMs: number): Promise<void> {
  await database.session(async (client) => {
    await client.query(`set statement_timeout = ${timeoutMs}`);
    await client.query(statement);
  });
}
