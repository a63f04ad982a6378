import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { PoolClient } from 'pg';
import { sqlStateOf } from '../../core/classify-error.ts';
import { PipelineError } from '../../core/errors.ts';
import type { Migration, SchemaMigrator } from '../../ports/schema-migrator.ts';
import type { Database } from './database.ts';

/** "migr" in ASCII. Any number works that no other application uses for an advisory lock in the same database. */
const MIGRATION_LOCK = 0x6d69_6772;

/**
 * How long a migration waits for the lock of a table. While it waits, every statement of others on that table waits behind
 * it. Smaller: it rarely gets its turn between transactions. Larger: the pipelines stand still for longer.
 */
const LOCK_TIMEOUT_MS = 1_000;
/** The pause in between, in which what has queued up behind the migration goes on. */
const RETRY_PAUSE_MS = 2_000;
/** Below the end of an invocation of provision, 300 s, so that the error is reported. */
const RETRY_FOR_MS = 240_000;
const LOCK_NOT_AVAILABLE = '55P03';

/** Concurrent callers wait for an advisory lock; a row in `_private_migration` marks a migration as applied. */
export class PostgresSchemaMigrator implements SchemaMigrator {
  readonly #database: Database;
  readonly #retryForMs: number;

  constructor(database: Database, retryForMs = RETRY_FOR_MS) {
    this.#database = database;
    this.#retryForMs = retryForMs;
  }

  async migrate(migrations: readonly Migration[]): Promise<readonly string[]> {
    const applied: string[] = [];
    for (const migration of [...migrations].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      if (await this.#applyWithRetries(migration)) applied.push(migration.name);
    }
    return applied;
  }

  /** @returns whether the migration was new. */
  async #applyWithRetries(migration: Migration): Promise<boolean> {
    const startedMs = performance.now();
    for (;;) {
      try {
        return await this.#database.transaction((client) => apply(client, migration));
      } catch (error) {
        if (sqlStateOf(error) !== LOCK_NOT_AVAILABLE) throw error;
        if (performance.now() - startedMs > this.#retryForMs) throw lockedError(migration, error);
        await sleep(RETRY_PAUSE_MS);
      }
    }
  }
}

/** @returns whether the migration was new. */
async function apply(client: PoolClient, migration: Migration): Promise<boolean> {
  // Building an index on a large table may take longer than any statement limit, and so may waiting for it.
  await client.query('set local statement_timeout = 0');
  await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
  await client.query(
    `create table if not exists _private_migration (
       name text primary key,
       sha256 text not null,
       applied_at timestamptz not null default clock_timestamp())`,
  );
  const sql = normalizeText(migration.sql);
  const { rows } = await client.query<{ sha256: string }>('select sha256 from _private_migration where name = $1', [
    migration.name,
  ]);
  if (rows[0]) {
    if (acceptedChecksums(migration.sql).includes(rows[0].sha256)) return false;
    throw new PipelineError(
      'PIPE_MIGRATION_CHANGED',
      `expected migration ${migration.name} with the text that was applied, got a changed text; restore the file and write the change as a new migration with the next number`,
      { retry: 'manual', context: { migration: migration.name } },
    );
  }
  await client.query(`set local lock_timeout = ${LOCK_TIMEOUT_MS}`);
  await client.query(sql);
  await client.query('insert into _private_migration (name, sha256) values ($1, $2)', [migration.name, sha256(sql)]);
  return true;
}

function lockedError(migration: Migration, cause: unknown): PipelineError {
  return new PipelineError(
    'PIPE_MIGRATION_LOCKED',
    `expected the lock of the tables that migration ${migration.name} changes, found that other transactions keep it; end ` +
      "those that select pid, query from pg_stat_activity where xact_start < now() - interval '1 minute' shows, with " +
      'select pg_terminate_backend(PID), then run provision again',
    { retry: 'manual', context: { migration: migration.name }, cause },
  );
}

/** The text without what depends on the machine that checked the file out: line ends and the byte order mark. */
function normalizeText(text: string): string {
  return text.replace(/^\uFEFF/, '').replaceAll('\r\n', '\n');
}

/** The checksum that is stored, and those of the same text with other line ends, which older versions stored. */
function acceptedChecksums(text: string): string[] {
  const normalized = normalizeText(text);
  return [normalized, text, normalized.replaceAll('\n', '\r\n')].map(sha256);
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
