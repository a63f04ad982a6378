import type { Database } from '../../../functions/adapters/postgres/database.ts';
import { PostgresDeadLetterView } from '../../../functions/adapters/postgres/postgres-dead-letter-view.ts';
import { PostgresPipelineHistory } from '../../../functions/adapters/postgres/postgres-pipeline-history.ts';
import { PostgresSalaryView } from '../../../functions/adapters/postgres/postgres-salary-view.ts';
import { PostgresVerificationStore } from '../../../functions/adapters/postgres/postgres-verification-store.ts';
import { CHANGES_GROUP } from '../../../functions/core/topics.ts';
import type { DeadLetterGroup } from '../../../functions/ports/dead-letter-view.ts';
import type { HistorySpan } from '../../../functions/ports/pipeline-history.ts';
import type { DepartmentTotal, FileProgress } from '../../../functions/ports/salary-view.ts';
import type { Agreement } from '../../../functions/ports/verification-store.ts';
import type { ListedFile } from './bucket-files.ts';

/** Only the newest files, so that the table fits on a screen. */
const MAX_FILES = 20;

/** How long the events of a burst may take. */
const BURST_SECONDS = 120;

/** Smaller: without changes for a while there are no figures. Larger: what was slow long ago hides what is fast now. */
const LATENCY_SECONDS = 15 * 60;
const RATE_SECONDS = 10;

/** A version of a file and what became of its rows. */
export interface FileStatus {
  readonly bucket: string;
  readonly key: string;
  readonly version: string;
  readonly state: string;
  readonly read: number;
  readonly filtered_out: number;
  readonly rejected: number;
  readonly sent: number;
  readonly loaded: number;
  readonly refused: number;
  readonly end_recorded: boolean;
  /** ISO 8601. */
  readonly started_at: string;
  readonly finished_at: string | null;
}

export interface TargetStatus {
  /** The totals are text, because they are 64-bit numbers. */
  readonly totals: readonly { department: string; total_salary: string; employee_count: string }[];
  /** Newest first. */
  readonly files: readonly FileStatus[];
  /** Loading files without a heartbeat, the longest silent first. */
  readonly standingFiles: readonly { key: string; heartbeatAt: Date }[];
  /** The code with most of them first. */
  readonly deadLetterCodes: readonly DeadLetterGroup[];
  /** Changes from the commit in A to the commit in B, over the last 15 minutes. */
  readonly latency: HistorySpan['latency'];
  readonly changesPerSecond: number;
  readonly agreement: Agreement;
}

export async function readTarget(database: Database): Promise<TargetStatus> {
  const history = new PostgresPipelineHistory(database);
  const [salaries, deadLetters, whole, recent, agreement] = await Promise.all([
    new PostgresSalaryView(database).overview(MAX_FILES),
    new PostgresDeadLetterView(database).overview(),
    history.total(CHANGES_GROUP, LATENCY_SECONDS),
    history.total(CHANGES_GROUP, RATE_SECONDS),
    new PostgresVerificationStore(database).read(),
  ]);
  return {
    totals: salaries.totals.map(totalOf),
    files: salaries.newest.map(fileStatusOf),
    standingFiles: salaries.standing,
    deadLetterCodes: deadLetters.groups,
    latency: whole.latency,
    changesPerSecond: recent.records / RATE_SECONDS,
    agreement,
  };
}

export function totalOf({ department, totalSalary, employees }: DepartmentTotal): TargetStatus['totals'][number] {
  return { department, total_salary: totalSalary, employee_count: employees };
}

export function fileStatusOf({ bucket, key, version, state, read, ...file }: FileProgress): FileStatus {
  const { filteredOut, rejected, sent, loaded, refused, endRecorded, startedAt, finishedAt } = file;
  return {
    ...{ bucket, key, version, state, read, filtered_out: filteredOut, rejected, sent, loaded, refused },
    end_recorded: endRecorded,
    started_at: startedAt.toISOString(),
    finished_at: finishedAt?.toISOString() ?? null,
  };
}

/**
 * Those of the files that `ingested_file` does not have: their event has not arrived, or the target is an older copy. While
 * other files begin, as in a burst, only those that are there for `BURST_SECONDS`.
 */
export async function readUnstartedFiles(
  database: Database,
  bucket: string,
  files: readonly ListedFile[],
): Promise<string[]> {
  const { rows } = await database.query<{ key: string }>(
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
}
