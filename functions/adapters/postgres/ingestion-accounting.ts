import type { FileArrival } from '../../core/ingestion.ts';
import type { Database } from './database.ts';

interface ListedObject {
  readonly key: string;
  readonly eTag: string;
  readonly sizeBytes: number;
  readonly lastModified: Date;
}

/**
 * A file whose end is recorded waits for load-salaries only, and Kafka keeps its records for it: sending them again is
 * for the case that Kafka has lost them, so it waits many times longer.
 */
const PATIENCE_WITH_LOADER = 10;

/** What `ingested_file` knows of the objects in one bucket. */
export class IngestionAccounting {
  readonly #database: Database;
  readonly #bucket: string;

  constructor(database: Database, bucket: string) {
    this.#database = database;
    this.#bucket = bucket;
  }

  /**
   * Those of the listed objects that were put more than `unnoticedForMs` ago, by the database's clock, and have come to
   * nobody's notice since.
   */
  async findUnknown<Listed extends ListedObject>(
    objects: readonly Listed[],
    unnoticedForMs: number,
  ): Promise<readonly Listed[]> {
    const { rows } = await this.#database.query<{ index: string }>(
      `select listed.index
       from unnest($2::text[], $3::text[], $4::bigint[], $5::timestamptz[])
         with ordinality as listed (key, etag, size_bytes, last_modified, index)
       where listed.last_modified < clock_timestamp() - make_interval(secs => $6) and not exists (
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
        unnoticedForMs / 1000,
      ],
    );
    return rows.map((row) => objects[Number(row.index) - 1]).filter((object) => object !== undefined);
  }

  /** Files that are loading without a heartbeat for longer than `staleAfterMs`, longest first. */
  async findStalled(staleAfterMs: number): Promise<readonly FileArrival[]> {
    const { rows } = await this.#database.query<{
      key: string;
      version: string;
      version_id: string | null;
      sequencer: string | null;
      etag: string;
      size_bytes: string;
    }>(
      `select key, version, version_id, sequencer, etag, size_bytes from ingested_file
       where bucket = $1 and state = 'loading' and heartbeat_at < clock_timestamp()
         - make_interval(secs => $2 * case when end_recorded then ${PATIENCE_WITH_LOADER} else 1 end)
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
}
