import type { PoolClient } from 'pg';
import type { FileArrival, FileState } from '../../core/ingestion.ts';
import type { FileVersion } from '../../core/salary-record.ts';

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
  const { rows } = await client.query<KeyRow>(
    'select current_file_id, latest_sequencer from ingested_key where bucket = $1 and key = $2 for update',
    [file.bucket, file.key],
  );
  if (!rows[0]) throw notRegistered(file);
  return rows[0];
}

export async function findFile(client: PoolClient, file: FileVersion): Promise<FileRow | undefined> {
  const { rows } = await client.query<FileRow>(
    'select file_id, state from ingested_file where bucket = $1 and key = $2 and version = $3',
    [file.bucket, file.key, file.version],
  );
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

/** @param fileId `null`: the key has no current version. */
export async function setCurrentFile(client: PoolClient, file: FileVersion, fileId: string | null): Promise<void> {
  await client.query('update ingested_key set current_file_id = $3 where bucket = $1 and key = $2', [
    file.bucket,
    file.key,
    fileId,
  ]);
}

export async function recordSequencer(client: PoolClient, arrival: FileArrival): Promise<void> {
  if (arrival.sequencer === null) return;
  await client.query('update ingested_key set latest_sequencer = $3 where bucket = $1 and key = $2', [
    arrival.bucket,
    arrival.key,
    arrival.sequencer,
  ]);
}

/** Completes the files whose rows are all accounted for. The caller holds the locks of their keys. */
export async function completeFiles(client: PoolClient, fileIds: readonly string[]): Promise<void> {
  await client.query(
    `update ingested_file set state = 'complete', finished_at = clock_timestamp()
     where file_id = any($1) and state = 'loading' and end_recorded and loaded + refused = sent`,
    [fileIds],
  );
}
