import { createHash } from 'node:crypto';
import type { PoolClient } from 'pg';
import { PipelineError } from '../../core/errors.ts';
import type { Database } from './database.ts';

export interface Migration {
  /** `NNNN_word`; the order of the names is the order of application. */
  readonly name: string;
  readonly sql: string;
}

/** "migrat" as a number: any lock number will do as long as nobody else in the database uses it. */
const MIGRATION_LOCK = 0x6d69_6772;

/**
 * Brings a database up to date: each migration that it has not seen yet, in order, in a transaction of its own.
 *
 * Any number of callers may do so at once: they queue for a lock, and those behind find nothing left to do.
 *
 * @returns the names of the migrations that this call applied.
 * @throws PipelineError `PIPE_MIGRATION_CHANGED` when an applied migration no longer reads as it did.
 */
export async function migrate(database: Database, migrations: readonly Migration[]): Promise<string[]> {
  const applied: string[] = [];
  for (const migration of [...migrations].sort((a, b) => (a.name < b.name ? -1 : 1))) {
    const isNew = await database.transaction((client) => apply(client, migration));
    if (isNew) applied.push(migration.name);
  }
  return applied;
}

async function apply(client: PoolClient, migration: Migration): Promise<boolean> {
  // A new index on a large table takes as long as it takes, and so does waiting for whoever builds it.
  await client.query('set local statement_timeout = 0');
  await client.query('select pg_advisory_xact_lock($1)', [MIGRATION_LOCK]);
  await client.query(
    `create table if not exists _private_migration (
       name text primary key,
       sha256 text not null,
       applied_at timestamptz not null default clock_timestamp())`,
  );
  const sha256 = createHash('sha256').update(migration.sql).digest('hex');
  const { rows } = await client.query<{ sha256: string }>('select sha256 from _private_migration where name = $1', [
    migration.name,
  ]);
  if (rows[0]) {
    if (rows[0].sha256 === sha256) return false;
    throw new PipelineError(
      'PIPE_MIGRATION_CHANGED',
      `migration ${migration.name} was applied in another wording: expected the file as it was; put it back and write the change as a new migration behind it`,
      { retry: 'manual', context: { migration: migration.name } },
    );
  }
  await client.query(migration.sql);
  await client.query('insert into _private_migration (name, sha256) values ($1, $2)', [migration.name, sha256]);
  return true;
}
