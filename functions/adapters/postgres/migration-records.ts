import { createHash } from 'node:crypto';
import type { PoolClient } from 'pg';
import { PipelineError } from '../../core/errors.ts';
import type { Migration } from '../../ports/schema-migrator.ts';

/** `_private_migration` has the applied migrations; `_private_migration_started` those that run outside a transaction. */
export async function createRecords(client: PoolClient): Promise<void> {
  await client.query(
    `create table if not exists _private_migration (
       name text primary key,
       sha256 text not null,
       applied_at timestamptz not null default clock_timestamp());
     create table if not exists _private_migration_started (
       name text primary key,
       started_at timestamptz not null default clock_timestamp())`,
  );
}

/** @throws PipelineError `PIPE_MIGRATION_CHANGED` when it was applied with another text. */
export async function isApplied(client: PoolClient, { name, sql }: Migration): Promise<boolean> {
  const { rows } = await client.query<{ sha256: string }>('select sha256 from _private_migration where name = $1', [
    name,
  ]);
  if (rows[0] === undefined) return false;
  if (acceptedChecksums(sql).includes(rows[0].sha256)) return true;
  throw new PipelineError(
    'PIPE_MIGRATION_CHANGED',
    `expected migration ${name} with the text that was applied, got a changed text; restore the file and write the change as a new migration with the next number`,
    { retry: 'manual', context: { migration: name } },
  );
}

export async function recordApplied(client: PoolClient, { name, sql }: Migration): Promise<void> {
  await client.query('insert into _private_migration (name, sha256) values ($1, $2)', [
    name,
    sha256(normalizeText(sql)),
  ]);
  await client.query('delete from _private_migration_started where name = $1', [name]);
}

/** @returns whether it was recorded before. */
export async function recordStarted(client: PoolClient, { name }: Migration): Promise<boolean> {
  const { rowCount } = await client.query(
    'insert into _private_migration_started (name) values ($1) on conflict do nothing',
    [name],
  );
  return rowCount === 0;
}

/** The text without what depends on the machine that checked the file out: line ends and the byte order mark. */
export function normalizeText(text: string): string {
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
