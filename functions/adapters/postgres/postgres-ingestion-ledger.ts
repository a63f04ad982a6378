import type { PoolClient } from 'pg';
import type { FileArrival, FileState, RowCounts } from '../../core/ingestion.ts';
import type { FileVersion } from '../../core/salary-record.ts';
import { compareSequencers } from '../../core/sequencer.ts';
import type { IngestionLedger, IsLatest } from '../../ports/ingestion-ledger.ts';
import type { Database } from './database.ts';
import {
  expectFile,
  type FileRow,
  findFile,
  insertFile,
  insertFirstFile,
  type KeyRow,
  lockKey,
  recordBegin,
  recordReopened,
  recordSequencer,
  setCurrentFile,
  setState,
} from './ingested-files.ts';
import { removeRows } from './remove-rows.ts';
import { SALARIES_TABLES } from './target-tables.ts';
import { adaptWriteMethod, type WithWriteMethod, type WriteMethod } from './write-method.ts';

/**
 * Decides about a key under the lock of its row in `ingested_key`. The lock is a separate statement, because
 * a statement that waited for a lock still uses the snapshot from before the wait.
 */
export class PostgresIngestionLedger implements IngestionLedger {
  readonly #database: Database;
  readonly #withWriteMethod: WithWriteMethod;

  constructor(database: Database) {
    this.#database = database;
    this.#withWriteMethod = adaptWriteMethod((text, values) => database.query(text, values), SALARIES_TABLES);
  }

  async register(arrival: FileArrival, isLatest: IsLatest): Promise<FileState> {
    if (await this.#withWriteMethod(() => insertFirstFile(this.#database, arrival))) return 'loading';
    return this.#transaction(async (client) => {
      const key = await lockKey(client, arrival);
      const known = await findFile(client, arrival);
      if (known?.state === 'loading') await recordBegin(client, known.file_id);
      if (known) return known.state;
      const state = await decideState(client, key, arrival, isLatest);
      await insertFile(client, arrival, state);
      return state;
    });
  }

  async takeOver(arrival: FileArrival, isLatest: IsLatest): Promise<FileState> {
    return this.#transaction(async (client, method) => {
      const key = await lockKey(client, arrival);
      const file = expectFile(await findFile(client, arrival), arrival);
      if (file.state !== 'loading' || key.current_file_id === file.file_id) return file.state;
      const state = await decideState(client, key, arrival, isLatest);
      if (state === 'loading') await replaceCurrent(client, method, arrival, key, file);
      else await setState(client, file.file_id, state);
      return state;
    });
  }

  async reopen(arrival: FileArrival, isLatest: IsLatest): Promise<FileState> {
    return this.#transaction(async (client) => {
      const key = await lockKey(client, arrival);
      const file = expectFile(await findFile(client, arrival), arrival);
      if (file.state !== 'rejected') return file.state;
      const state = await decideState(client, key, arrival, isLatest);
      if (state === 'loading') await recordReopened(client, file.file_id);
      else await setState(client, file.file_id, state);
      return state;
    });
  }

  async reportProgress(file: FileVersion, counts: RowCounts): Promise<FileState> {
    const { rows } = await this.#withWriteMethod(() =>
      this.#database.query<FileRow>(
        `with progress as (
         update ingested_file
         set heartbeat_at = clock_timestamp(), read = $4, filtered_out = $5, rejected = $6, sent = $7
         where bucket = $1 and key = $2 and version = $3 and state = 'loading' and not end_recorded)
       select file_id, state from ingested_file where bucket = $1 and key = $2 and version = $3`,
        [file.bucket, file.key, file.version, counts.read, counts.filteredOut, counts.rejected, counts.sent],
      ),
    );
    return expectFile(rows[0], file).state;
  }

  async finish(file: FileVersion, counts: RowCounts): Promise<FileState> {
    return this.#transaction(async (client) => {
      await lockKey(client, file);
      const { rows } = await client.query<FileRow>({
        name: 'record-end',
        text: `update ingested_file set end_recorded = true, heartbeat_at = clock_timestamp(),
                 read = $4, filtered_out = $5, rejected = $6, sent = $7,
                 state = case when loaded + refused = $7 then 'complete' else state end,
                 finished_at = case when loaded + refused = $7 then clock_timestamp() end
               where bucket = $1 and key = $2 and version = $3 and state = 'loading'
               returning file_id, state`,
        values: [file.bucket, file.key, file.version, counts.read, counts.filteredOut, counts.rejected, counts.sent],
      });
      return (rows[0] ?? expectFile(await findFile(client, file), file)).state;
    });
  }

  async reject(file: FileVersion): Promise<void> {
    await this.#end(file, 'rejected');
  }

  async supersede(file: FileVersion): Promise<void> {
    await this.#end(file, 'superseded');
  }

  async #end(file: FileVersion, state: FileState): Promise<void> {
    await this.#transaction(async (client, method) => {
      const key = await lockKey(client, file);
      const { file_id: fileId, state: known } = expectFile(await findFile(client, file), file);
      if (known !== 'loading') return;
      await setState(client, fileId, state);
      if (key.current_file_id !== fileId) return;
      // Half a file must not count. The key then has no current version, so that the same bytes may take over again.
      await removeRows(client, method, fileId);
      await setCurrentFile(client, file, null, null);
    });
  }

  #transaction<Result>(work: (client: PoolClient, method: WriteMethod) => Promise<Result>): Promise<Result> {
    return this.#withWriteMethod((method) => this.#database.transaction((client) => work(client, method)));
  }
}

/** Decides whether a version may become the current one of its key: by sequencer, or else by what the bucket returns. */
async function decideState(
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
  if (key.current_file_id === null) return 'loading';
  const { rowCount } = await client.query(
    'select from ingested_file where file_id = $1 and etag = $2 and size_bytes = $3',
    [key.current_file_id, arrival.eTag, arrival.sizeBytes],
  );
  if (rowCount === 0) return 'loading';
  // With the same bytes the current version stays, but versions older than this one are out of date from now on.
  await recordSequencer(client, arrival);
  return 'unchanged';
}

async function replaceCurrent(
  client: PoolClient,
  method: WriteMethod,
  arrival: FileArrival,
  key: KeyRow,
  file: FileRow,
): Promise<void> {
  if (key.current_file_id !== null) {
    await setState(client, key.current_file_id, 'superseded');
    await removeRows(client, method, key.current_file_id);
  }
  await setCurrentFile(client, arrival, file.file_id, arrival.sequencer);
}
