import { type FileArrival, RETRY_WINDOW_FACTOR } from '../../core/ingestion.ts';
import type { FileVersion } from '../../core/salary-record.ts';
import type { ListedObject } from '../../ports/bucket-listing.ts';
import type { SentFile, UnfinishedFiles } from '../../ports/unfinished-files.ts';
import { CLOCK_TOLERANCE } from './clock-tolerance.ts';
import type { Database } from './database.ts';
import type { RunQuery } from './table-shape.ts';
import { SALARIES_TABLES } from './target-tables.ts';
import { adaptWriteMethod } from './write-method.ts';

/**
 * How many times longer a file may be silent once its end is recorded. It then waits for load-salaries only, and sending
 * its rows again helps only if Kafka has lost them.
 */
const STALE_FACTOR_AFTER_END = 10;

/** Lambda drops an event after this time, so that no event waits longer. */
const LONGEST_QUEUE_DELAY_MS = 6 * 3_600_000;

/** Rows were lost, and the file was not requested since. */
const HAS_LOST_ROWS = "file.rows_lost_at > coalesce(file.requested_at, '-infinity')";

/** Compares with `ingested_file`; ages are measured by the database's clock. */
export class PostgresUnfinishedFiles implements UnfinishedFiles {
  readonly #query: RunQuery;
  readonly #bucket: string;

  constructor(database: Database, bucket: string) {
    const withWriteMethod = adaptWriteMethod((text, values) => database.query(text, values), SALARIES_TABLES);
    // A schema that does not fit is named with its remedy.
    this.#query = (text, values) => withWriteMethod(() => database.query(text, values));
    this.#bucket = bucket;
  }

  async queueDelayMs(withinMs: number): Promise<number> {
    const { rows } = await this.#query<{ delay_ms: number }>(
      `select coalesce(max(extract(epoch from begun_at - requested_at)), 0)::float8 * 1000 as delay_ms from ingested_file
       where begun_at > clock_timestamp() - make_interval(secs => $2) and begun_at <= clock_timestamp() and bucket = $1`,
      [this.#bucket, withinMs / 1000],
    );
    return Math.max(0, Math.min(rows[0]?.delay_ms ?? 0, LONGEST_QUEUE_DELAY_MS));
  }

  async findUnreported(objects: readonly ListedObject[], olderThanMs: number): Promise<readonly ListedObject[]> {
    const { rows } = await this.#query<{ index: string }>(
      `select listed.index
       from unnest($2::text[], $3::text[], $4::bigint[], $5::timestamptz[])
         with ordinality as listed (key, etag, size_bytes, last_modified, index)
       where (listed.last_modified < clock_timestamp() - make_interval(secs => $6)
           or listed.last_modified > clock_timestamp() + ${CLOCK_TOLERANCE})
         and not exists (
         select from ingested_file as file
         left join ingested_key on ingested_key.current_file_id = file.file_id
         where file.bucket = $1 and file.key = listed.key
           and file.etag = listed.etag and file.size_bytes = listed.size_bytes
           and case file.state
             when 'loading' then true
             when 'complete' then ingested_key.current_file_id is not null
             when 'rejected' then file.started_at >= listed.last_modified
             else false
           end)
       order by listed.index`,
      [
        this.#bucket,
        objects.map((o) => o.key),
        objects.map((o) => o.eTag),
        objects.map((o) => o.sizeBytes),
        objects.map((o) => o.lastModified),
        olderThanMs / 1000,
      ],
    );
    return rows.map((row) => objects[Number(row.index) - 1]).filter((object) => object !== undefined);
  }

  async findStalled(staleAfterMs: number): Promise<readonly FileArrival[]> {
    const { rows } = await this.#query<{
      key: string;
      version: string;
      version_id: string | null;
      sequencer: string | null;
      etag: string;
      size_bytes: string;
    }>(
      `select key, version, version_id, sequencer, etag, size_bytes from ingested_file as file
       where bucket = $1 and state = 'loading' and (${HAS_LOST_ROWS} or heartbeat_at > clock_timestamp() + ${CLOCK_TOLERANCE}
         or heartbeat_at < clock_timestamp() - make_interval(secs => $2::float8 * case
             when end_recorded then ${STALE_FACTOR_AFTER_END}
             when requested_at is not null and begun_at is null then ${RETRY_WINDOW_FACTOR}
             else 1 end))
       order by heartbeat_at`,
      [this.#bucket, staleAfterMs / 1000],
    );
    return rows.map((row) => ({
      bucket: this.#bucket,
      key: row.key,
      version: row.version,
      versionId: row.version_id,
      sequencer: row.sequencer,
      eTag: row.etag,
      sizeBytes: Number(row.size_bytes),
    }));
  }

  async recordRequest(arrival: FileArrival, staleAfterMs: number): Promise<void> {
    const { bucket, key, version, versionId, sequencer, eTag, sizeBytes } = arrival;
    await this.#query(
      `with new_key as (insert into ingested_key (bucket, key) values ($1, $2) on conflict do nothing)
       insert into ingested_file as file
         (bucket, key, version, version_id, sequencer, etag, size_bytes, state, requested_at)
       values ($1, $2, $3, $4, $5, $6, $7, 'loading', clock_timestamp())
       on conflict (bucket, key, version) do update
         set heartbeat_at = clock_timestamp(), requested_at = clock_timestamp(), begun_at = null
         where file.state = 'loading' and (${HAS_LOST_ROWS}
           or file.heartbeat_at > clock_timestamp() + ${CLOCK_TOLERANCE}
           or file.heartbeat_at < clock_timestamp() - make_interval(secs => $8))`,
      [bucket, key, version, versionId, sequencer, eTag, sizeBytes, staleAfterMs / 1000],
    );
  }

  async findSent(): Promise<readonly SentFile[]> {
    const { rows } = await this.#query<{ key: string; version: string; has_lost_rows: boolean }>(
      `select key, version, coalesce(${HAS_LOST_ROWS}, false) as has_lost_rows from ingested_file as file
       where bucket = $1 and state = 'loading' and end_recorded order by file_id`,
      [this.#bucket],
    );
    return rows.map(({ key, version, has_lost_rows }) => ({
      ...{ bucket: this.#bucket, key, version },
      hasLostRows: has_lost_rows,
    }));
  }

  async recordLostRows(files: readonly FileVersion[], notWithinMs: number): Promise<readonly FileVersion[]> {
    const { rows } = await this.#query<{ key: string; version: string }>(
      `update ingested_file as file set rows_lost_at = clock_timestamp()
       from unnest($2::text[], $3::text[]) as lost (key, version)
       where file.bucket = $1 and file.key = lost.key and file.version = lost.version
         and file.state = 'loading' and file.end_recorded
         and (file.rows_lost_at is null or file.rows_lost_at < clock_timestamp() - make_interval(secs => $4)
           or file.rows_lost_at > clock_timestamp() + ${CLOCK_TOLERANCE})
       returning file.key, file.version`,
      [this.#bucket, files.map(({ key }) => key), files.map(({ version }) => version), notWithinMs / 1000],
    );
    return rows.map(({ key, version }) => ({ bucket: this.#bucket, key, version }));
  }
}
