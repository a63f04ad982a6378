import type { PoolClient } from 'pg';
import type { PipelineTick } from '../../core/pipeline-tick.ts';
import type { FileVersion, ReceivedSalary } from '../../core/salary-record.ts';
import { recordTicks, tickParameters } from './record-ticks.ts';
import { hasRefusals } from './refusals.ts';

/** What the ledger says about one file that a batch has rows of. */
export interface FileStatus {
  readonly fileId: string;
  /** Whether the file is the current version of its key; only then do its rows count. */
  readonly isCurrent: boolean;
  /** Whether all of its rows are judged and counted. */
  readonly isEndRecorded: boolean;
  readonly hasRefusedRows: boolean;
}

export interface LockedFiles {
  readonly statusOf: (file: FileVersion) => FileStatus | undefined;
  readonly hasRefusals: boolean;
}

/** One row, so that ticks are recorded also when there is no such key. */
const lockKeys = (ticks: readonly PipelineTick[]) => `
  with locked as materialized (
    select from ingested_key
    where (bucket, key) in (select * from unnest($1::text[], $2::text[]))
    order by bucket collate "C", key collate "C" for share)
  select (select count(*) from locked)${recordTicks(3, ticks)}`;

/**
 * Locks the keys of a batch against versions that take over, and looks up its files.
 *
 * The lock is a separate statement, so that the snapshot of the next statement is taken after the wait for the lock.
 *
 * @param ticks are recorded by the first of the two statements.
 * @returns `statusOf` gives the status of a file; `undefined` for a file that is not registered. `hasRefusals`: whether the
 * table has refused rows since a row was last accepted.
 */
export async function lockFiles(
  client: PoolClient,
  batch: readonly ReceivedSalary[],
  ticks: readonly PipelineTick[] = [],
): Promise<LockedFiles> {
  const files = distinctFiles(batch);
  const identity = [files.map((f) => f.bucket), files.map((f) => f.key), files.map((f) => f.version)];
  await client.query({
    name: ticks.length === 0 ? 'lock-keys' : 'lock-keys-and-record-ticks',
    text: lockKeys(ticks),
    values: [...identity.slice(0, 2), ...tickParameters(ticks)],
  });
  const { rows } = await client.query<FileVersion & FileStatus & { hasRefusals: boolean }>({
    name: 'find-files',
    text: `select bucket, key, version, file_id as "fileId", coalesce(current_file_id = file_id, false) as "isCurrent",
             end_recorded as "isEndRecorded", refused > 0 as "hasRefusedRows", ${hasRefusals('department_employee')}
           from unnest($1::text[], $2::text[], $3::text[]) as wanted (bucket, key, version)
           join ingested_file using (bucket, key, version) join ingested_key using (bucket, key)`,
    values: identity,
  });
  const statuses = new Map(rows.map((row) => [identify(row), row as FileStatus]));
  let previous: FileVersion | undefined;
  let status: FileStatus | undefined;
  const statusOf = (file: FileVersion) => {
    if (previous === undefined || !isSameFile(previous, file)) status = statuses.get(identify(file));
    previous = file;
    return status;
  };
  return { statusOf, hasRefusals: rows[0]?.hasRefusals === true };
}

/** Compares with the previous row first, because consecutive rows mostly belong to the same file. */
function distinctFiles(batch: readonly ReceivedSalary[]): FileVersion[] {
  const files = new Map<string, FileVersion>();
  let previous: FileVersion | undefined;
  for (const { salary } of batch) {
    if (previous === undefined || !isSameFile(previous, salary)) files.set(identify(salary), salary);
    previous = salary;
  }
  return [...files.values()];
}

function isSameFile(a: FileVersion, b: FileVersion): boolean {
  return a.version === b.version && a.key === b.key && a.bucket === b.bucket;
}

function identify(file: FileVersion): string {
  return JSON.stringify([file.bucket, file.key, file.version]);
}
