import type { PoolClient } from 'pg';
import type { FileArrival, FileState, RowCounts } from '../../core/ingestion.ts';
import type { FileVersion } from '../../core/salary-record.ts';
import { compareSequencers } from '../../core/sequencer.ts';
import type { IngestionLedger, IsLatest } from '../../ports/ingestion-ledger.ts';
import type { Database } from './database.ts';
import { addToTotals } from './salary-totals.ts';

interface KeyRow {
  readonly current_file_id: string | null;
  readonly latest_sequencer: string | null;
}

interface FileRow {
  readonly file_id: string;
  readonly state: FileState;
}

/**
 * Decides about a key under the lock of its row in `ingested_key`. The lock is a statement of its own, because a
 * statement that waited for a lock still sees the snapshot from before the wait.
 */
export class PostgresIngestionLedger implements IngestionLedger {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async register(arrival: FileArrival, isLatest: IsLatest): Promise<FileState> {
    return this.#database.transaction(async (client) => {
      await client.query('insert into ingested_key (bucket, key) values ($1, $2) on conflict do nothing', [
        arrival.bucket,
        arrival.key,
      ]);
      const key = await lockKey(client, arrival);
      const known = await findFile(client, arrival);
      if (known) return known.state;
      const state = await judge(client, key, arrival, isLatest);
      await client.query(
        `insert into ingested_file (bucket, key, version, version_id, sequencer, etag, size_bytes, state, finished_at)
         values ($1, $2, $3, $8, $4, $5, $6, $7, case when $7 = 'loading' then null else clock_timestamp() end)`,
        [
          arrival.bucket,
          arrival.key,
          arrival.version,
          arrival.sequencer,
          arrival.eTag,
          arrival.sizeBytes,
          state,
          arrival.versionId,
        ],
      );
      return state;
    });
  }

  async takeOver(arrival: FileArrival, isLatest: IsLatest): Promise<FileState> {
    return this.#database.transaction(async (client) => {
      const key = await lockKey(client, arrival);
      const file = await findFile(client, arrival);
      if (!file)
        throw new Error(`version ${arrival.version} of ${arrival.key} must be registered before it takes over`);
      if (file.state !== 'loading' || key.current_file_id === file.file_id) return file.state;
      const state = await judge(client, key, arrival, isLatest);
      if (state === 'loading') await replaceCurrent(client, arrival, key, file);
      else await setState(client, file.file_id, state);
      return state;
    });
  }

  async reportProgress(file: FileVersion, counts: RowCounts): Promise<FileState> {
    const { rows } = await this.#database.query<FileRow>(
      `with progress as (
         update ingested_file
         set heartbeat_at = clock_timestamp(), read = $4, filtered_out = $5, rejected = $6, sent = $7
         where bucket = $1 and key = $2 and version = $3 and state = 'loading' and not end_recorded)
       select file_id, state from ingested_file where bucket = $1 and key = $2 and version = $3`,
      [file.bucket, file.key, file.version, counts.read, counts.filteredOut, counts.rejected, counts.sent],
    );
    return expectFile(rows[0], file).state;
  }

  async finish(file: FileVersion, counts: RowCounts): Promise<FileState> {
    return this.#database.transaction(async (client) => {
      await lockKey(client, file);
      const { rows } = await client.query<FileRow>(
        `update ingested_file set end_recorded = true, heartbeat_at = clock_timestamp(),
           read = $4, filtered_out = $5, rejected = $6, sent = $7
         where bucket = $1 and key = $2 and version = $3 and state = 'loading'
         returning file_id, state`,
        [file.bucket, file.key, file.version, counts.read, counts.filteredOut, counts.rejected, counts.sent],
      );
      if (rows[0]) await completeFiles(client, [rows[0].file_id]);
      return expectFile(await findFile(client, file), file).state;
    });
  }

  async reject(file: FileVersion): Promise<void> {
    await this.#end(file, 'rejected');
  }

  async supersede(file: FileVersion): Promise<void> {
    await this.#end(file, 'superseded');
  }

  async #end(file: FileVersion, state: FileState): Promise<void> {
    await this.#database.transaction(async (client) => {
      const key = await lockKey(client, file);
      const { file_id, state: known } = expectFile(await findFile(client, file), file);
      if (known !== 'loading') return;
      await setState(client, file_id, state);
      if (key.current_file_id === file_id) await withdraw(client, file, file_id);
    });
  }
}

/** Which of a key's versions counts: the newer one, by sequencer or else by what the bucket says now. */
async function judge(
  client: PoolClient,
  key: KeyRow,
  arrival: FileArrival,
  isLatest: IsLatest,
): Promise<'loading' | 'superseded' | 'unchanged'> {
  if (key.latest_sequencer !== null && arrival.sequencer !== null) {
    if (compareSequencers(arrival.sequencer, key.latest_sequencer) < 0) return 'superseded';
  } else if (key.current_file_id !== null && !(await isLatest())) {
    return 'superseded';
  }
  // The same bytes again: the current version stays, but an event older than this one is out of date from now on.
  const { rowCount } = await client.query(
    'select from ingested_file where file_id = $1 and etag = $2 and size_bytes = $3',
    [key.current_file_id, arrival.eTag, arrival.sizeBytes],
  );
  if (rowCount === 0) return 'loading';
  await recordSequencer(client, arrival);
  return 'unchanged';
}

async function replaceCurrent(client: PoolClient, arrival: FileArrival, key: KeyRow, file: FileRow): Promise<void> {
  if (key.current_file_id !== null) {
    await setState(client, key.current_file_id, 'superseded');
    await removeRows(client, key.current_file_id);
  }
  await client.query('update ingested_key set current_file_id = $3 where bucket = $1 and key = $2', [
    arrival.bucket,
    arrival.key,
    file.file_id,
  ]);
  await recordSequencer(client, arrival);
}

async function recordSequencer(client: PoolClient, arrival: FileArrival): Promise<void> {
  if (arrival.sequencer === null) return;
  await client.query('update ingested_key set latest_sequencer = $3 where bucket = $1 and key = $2', [
    arrival.bucket,
    arrival.key,
    arrival.sequencer,
  ]);
}

/**
 * A version that had taken over and can no longer be read to its end leaves nothing behind: half a file is no result.
 * The key is then open to whatever version comes next, the same bytes included.
 */
async function withdraw(client: PoolClient, file: FileVersion, fileId: string): Promise<void> {
  await removeRows(client, fileId);
  await client.query('update ingested_key set current_file_id = null where bucket = $1 and key = $2', [
    file.bucket,
    file.key,
  ]);
}

/** Takes a version's rows out of the tables and their salaries out of the totals. */
async function removeRows(client: PoolClient, fileId: string): Promise<void> {
  // The rows of a file are as many as they are; ended half-way, the newer version could never take over.
  await client.query(`set local statement_timeout = '10min'`);
  const { rows } = await client.query<{ department: string; total: string; count: string }>(
    `with removed as (delete from department_employee where file_id = $1 returning department, salary)
     select department, (-sum(salary))::text as total, (-count(*))::text as count from removed group by department`,
    [fileId],
  );
  await addToTotals(client, rows);
  await client.query('delete from refused_row where file_id = $1', [fileId]);
}

async function lockKey(client: PoolClient, file: FileVersion): Promise<KeyRow> {
  const { rows } = await client.query<KeyRow>(
    'select current_file_id, latest_sequencer from ingested_key where bucket = $1 and key = $2 for update',
    [file.bucket, file.key],
  );
  if (!rows[0]) throw new Error(`key ${file.key} of bucket ${file.bucket} must be registered first`);
  return rows[0];
}

async function findFile(client: PoolClient, file: FileVersion): Promise<FileRow | undefined> {
  const { rows } = await client.query<FileRow>(
    'select file_id, state from ingested_file where bucket = $1 and key = $2 and version = $3',
    [file.bucket, file.key, file.version],
  );
  return rows[0];
}

function expectFile(row: FileRow | undefined, file: FileVersion): FileRow {
  if (!row) throw new Error(`version ${file.version} of ${file.key} must be registered first`);
  return row;
}

async function setState(client: PoolClient, fileId: string, state: FileState): Promise<void> {
  await client.query('update ingested_file set state = $2, finished_at = clock_timestamp() where file_id = $1', [
    fileId,
    state,
  ]);
}

/** Closes those files of which every row has arrived. Called under the keys' locks, by whoever may be the last. */
export async function completeFiles(client: PoolClient, fileIds: readonly string[]): Promise<void> {
  await client.query(
    `update ingested_file set state = 'complete', finished_at = clock_timestamp()
     where file_id = any($1) and state = 'loading' and end_recorded and loaded + refused = sent`,
    [fileIds],
  );
}
