import { createHash } from 'node:crypto';
import type { PoolClient } from 'pg';
import { PipelineError } from '../../core/errors.ts';
import type { Migration, SchemaMigrator } from '../../ports/schema-migrator.ts';
import type { Database } from './database.ts';
import { LOCK_REMEDY, LOCK_RETRY_FOR_MS, lockForMigration, retryWhileLocked } from './migration-lock.ts';

/** Concurrent callers wait for an advisory lock; a row in `_private_migration` marks a migration as applied. */
export class PostgresSchemaMigrator implements SchemaMigrator {
  readonly #database: Database;
  readonly #retryForMs: number;

  constructor(database: Database, retryForMs = LOCK_RETRY_FOR_MS) {
    this.#database = database;
    this.#retryForMs = retryForMs;
  }

  async migrate(migrations: readonly Migration[]): Promise<readonly string[]> {
    const applied: string[] = [];
    for (const migration of [...migrations].sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const isNew = await retryWhileLocked(
        this.#database,
        this.#retryForMs,
        (cause) => lockedError(migration, cause),
        (client) => apply(client, migration),
      );
      if (isNew) applied.push(migration.name);
    }
    return applied;
  }
}

/** @returns whether the migration was new. */
async function apply(client: PoolClient, migration: Migration): Promise<boolean> {
  await lockForMigration(client);
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
  await client.query(sql);
  await client.query('insert into _private_migration (name, sha256) values ($1, $2)', [migration.name, sha256(sql)]);
  return true;
}

function lockedError(migration: Migration, cause: unknown): PipelineError {
  return new PipelineError(
    'PIPE_MIGRATION_LOCKED',
    `expected the lock of the tables that migration ${migration.name} changes, found that other transactions keep it; ${LOCK_REMEDY}`,
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
