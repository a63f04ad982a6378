import { withDatabase } from '../with-database.ts';
import type { ListedFile } from './bucket-files.ts';

const CONNECTION_TIMEOUT_MS = 3_000;

/** Only the newest files, so that the table fits on a screen. */
const MAX_FILES = 20;

/** Counting more would take long, and the exact number does not matter. */
const MAX_BACKLOG = 100_000;

/** Three heartbeats of transform-csv. Smaller: a file on a slow machine is shown while it makes progress. */
const FILE_STANDSTILL_SECONDS = 15;

/** How long the events of a burst may take. */
const BURST_SECONDS = 120;

export interface TargetStatus {
  /** The totals are text, because they are 64-bit numbers. */
  readonly totals: readonly { department: string; total_salary: string; employee_count: string }[];
  /** Newest first. */
  readonly files: readonly Record<string, string | number | boolean | null>[];
  /** Loading files without a heartbeat, the longest silent first. */
  readonly standingFiles: readonly { key: string; heartbeatAt: Date }[];
}

export function readTarget(url: string): Promise<TargetStatus> {
  return withDatabase(
    url,
    async (client) => {
      const totals = await client.query<TargetStatus['totals'][number]>(
        'select department, total_salary, employee_count from department_employee_salary order by department',
      );
      const files = await client.query<TargetStatus['files'][number]>(
        `select bucket, key, version, state, read, filtered_out, rejected, sent, loaded, refused, end_recorded,
           to_char(started_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as started_at,
           to_char(finished_at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"') as finished_at
         from ingested_file order by file_id desc limit $1`,
        [MAX_FILES],
      );
      const standing = await client.query<TargetStatus['standingFiles'][number]>(
        `select key, heartbeat_at as "heartbeatAt"
         from ingested_file
         where state = 'loading' and heartbeat_at < clock_timestamp() - make_interval(secs => $1)
         order by heartbeat_at limit $2`,
        [FILE_STANDSTILL_SECONDS, MAX_FILES],
      );
      return { totals: totals.rows, files: files.rows, standingFiles: standing.rows };
    },
    CONNECTION_TIMEOUT_MS,
  );
}

/**
 * Those of the files that `ingested_file` does not have: their event has not arrived, or the target is an older copy. While
 * other files begin, as in a burst, only those that are there for `BURST_SECONDS`.
 */
export function readUnknownFiles(url: string, bucket: string, files: readonly ListedFile[]): Promise<string[]> {
  return withDatabase(
    url,
    async (client) => {
      const { rows } = await client.query<{ key: string }>(
        `select listed.key from unnest($2::text[], $3::text[], $4::float8[]) as listed (key, etag, age)
         where not exists (
           select from ingested_file as file
           where file.bucket = $1 and file.key = listed.key and file.etag = listed.etag)
           and (listed.age > $5 or not exists (
             select from ingested_file where started_at > clock_timestamp() - interval '5 seconds'))
         order by listed.key limit $6`,
        [
          bucket,
          files.map(({ key }) => key),
          files.map(({ eTag }) => eTag),
          files.map(({ ageSeconds }) => ageSeconds),
          BURST_SECONDS,
          MAX_FILES,
        ],
      );
      return rows.map(({ key }) => key);
    },
    CONNECTION_TIMEOUT_MS,
  );
}

export interface SourceStatus {
  /** Captured changes that the saved position does not include, at most `MAX_BACKLOG`; 0 before the first position. */
  readonly backlog: number;
}

/** `since`: the saved position, as the text of a `pg_snapshot`. */
export function readSource(url: string, since: string | undefined): Promise<SourceStatus> {
  return withDatabase(
    url,
    async (client) => {
      const { rows } = await client.query<{ backlog: number }>(
        `select count(*)::integer as backlog from (
           select from emp_cdc
           where (txid >= pg_snapshot_xmax($1::pg_snapshot) or txid in (select pg_snapshot_xip($1::pg_snapshot)))
           limit $2) as unpublished`,
        [since ?? null, MAX_BACKLOG],
      );
      return { backlog: rows[0]?.backlog ?? 0 };
    },
    CONNECTION_TIMEOUT_MS,
  );
}
