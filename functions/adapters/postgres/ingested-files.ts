import type { PoolClient } from 'pg';
import type { FileArrival, FileState } from '../../core/ingestion.ts';
import type { FileVersion } from '../../core/salary-record.ts';
import type { Database } from './database.ts';
import { isNewerFile } from './is-newer-file.ts';

/** The row of `ingested_key`. */
export interface KeyRow {
  readonly current_file_id: string | null;
  readonly latest_sequencer: string | null;
}

/** The part of a row of `ingested_file` that decisions need. */
export interface FileRow {
  readonly file_id: string;
  readonly state: FileState;
}

/**
 * Locks the row of a file's key until the end of the transaction, against other versions and against batches.
 *
 * @throws when no version of the key is registered.
 */
export async function lockKey(client: PoolClient, file: FileVersion): Promise<KeyRow> {
  const { rows } = await client.query<KeyRow>({
    name: 'lock-key',
    text: 'select current_file_id, latest_sequencer from ingested_key where bucket = $1 and key = $2 for update',
    values: [file.bucket, file.key],
  });
  if (!rows[0]) throw notRegistered(file);
  return rows[0];
}

export async function findFile(client: PoolClient, file: FileVersion): Promise<FileRow | undefined> {
  const { rows } = await client.query<FileRow>({
    name: 'find-file',
    text: 'select file_id, state from ingested_file where bucket = $1 and key = $2 and version = $3',
    values: [file.bucket, file.key, file.version],
  });
  return rows[0];
}

/** @throws when the row is missing, because the version is not registered. */
export function expectFile(row: FileRow | undefined, file: FileVersion): FileRow {
  if (!row) throw notRegistered(file);
  return row;
}

function notRegistered({ bucket, key, version }: FileVersion): Error {
  return new Error(`expected version ${version} of ${key} in bucket ${bucket} to be registered, got no such version`);
}

/** Sets a final state. */
export async function setState(client: PoolClient, fileId: string, state: FileState): Promise<void> {
  await client.query('update ingested_file set state = $2, finished_at = clock_timestamp() where file_id = $1', [
    fileId,
    state,
  ]);
}

/**
 * Also gives up the dead letters of the other versions, because they concern rows that no longer count; but not those of a
 * newer version that was rejected, which an operator has to correct.
 *
 * @param fileId `null`: the key has no current version.
 * @param sequencer of the file; `null` keeps the sequencer of the key.
 */
export async function setCurrentFile(
  client: PoolClient,
  file: FileVersion,
  fileId: string | null,
  sequencer: string | null,
): Promise<void> {
  await client.query({
    name: 'set-current-file',
    text: `with obsolete as (
             update dead_letter set state = 'obsolete', state_at = clock_timestamp()
             where pending and file_key = $2 and file_bucket = $1 and file_version <> $5
               and state in ('open', 'parked') and $3::bigint is not null
               and not exists (
                 select from ingested_file as file join ingested_file as current on current.file_id = $3
                 where file.bucket = file_bucket and file.key = file_key and file.version = file_version
                   and file.state = 'rejected' and not ${isNewerFile('current', 'file')}))
           update ingested_key set current_file_id = $3, latest_sequencer = coalesce($4, latest_sequencer)
           where bucket = $1 and key = $2`,
    values: [file.bucket, file.key, fileId, sequencer, file.version],
  });
}

export async function recordSequencer(client: PoolClient, arrival: FileArrival): Promise<void> {
  if (arrival.sequencer === null) return;
  await client.query('update ingested_key set latest_sequencer = $3 where bucket = $1 and key = $2', [
    arrival.bucket,
    arrival.key,
    arrival.sequencer,
  ]);
}

/**
 * Adds the first version of a key. It is current for no other version, so nothing has to be decided.
 *
 * @returns `false` when the key is known already, and then changes nothing.
 */
export async function insertFirstFile(database: Database, arrival: FileArrival): Promise<boolean> {
  const { rowCount } = await database.query(
    `with new_key as (
       insert into ingested_key (bucket, key) values ($1, $2) on conflict do nothing returning bucket, key)
     insert into ingested_file
       (bucket, key, version, version_id, sequencer, etag, size_bytes, requested_at, state, begun_at)
     select bucket, key, $3, $4, $5, $6, $7::bigint, $8::timestamptz, 'loading', clock_timestamp() from new_key`,
    fileValues(arrival),
    'insert-first-file',
  );
  return rowCount === 1;
}

export async function insertFile(client: PoolClient, arrival: FileArrival, state: FileState): Promise<void> {
  await client.query(
    `insert into ingested_file
       (bucket, key, version, version_id, sequencer, etag, size_bytes, requested_at, state, begun_at, finished_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock_timestamp(),
       case when $9 = 'loading' then null else clock_timestamp() end)`,
    [...fileValues(arrival), state],
  );
}

function fileValues(arrival: FileArrival): unknown[] {
  const { bucket, key, version, versionId, sequencer, eTag, sizeBytes, sentAt } = arrival;
  return [bucket, key, version, versionId, sequencer, eTag, sizeBytes, sentAt ?? null];
}

/** Records that an invocation begins to process a version that is registered, or begins again. */
export async function recordBegin(client: PoolClient, fileId: string): Promise<void> {
  await client.query(
    `update ingested_file set heartbeat_at = clock_timestamp(), begun_at = coalesce(begun_at, clock_timestamp())
     where file_id = $1`,
    [fileId],
  );
}

/** Makes a version loading that is to be processed once more, and that has no rows. */
export async function recordReopened(client: PoolClient, fileId: string): Promise<void> {
  await client.query(
    `update ingested_file set state = 'loading', finished_at = null, begun_at = null,
       heartbeat_at = clock_timestamp(), requested_at = clock_timestamp()
     where file_id = $1`,
    [fileId],
  );
}

/** Completes the files whose rows are all accounted for. The caller holds the locks of their keys. */
export async function completeFiles(client: PoolClient, fileIds: readonly string[]): Promise<void> {
  await client.query(
    `update ingested_file set state = 'complete', finished_at = clock_timestamp()
     where file_id = any($1) and state = 'loading' and end_recorded and loaded + refused = sent`,
    [fileIds],
  );
}
