import type { PoolClient } from 'pg';
import type { SalaryFinding } from '../../core/verification.ts';
import type { AuditedFile } from '../../ports/salary-audit.ts';

/** The columns of `ingested_file` as an `AuditedFile`. */
export const AUDITED_FILE = `file.file_id as "fileId", file.bucket, file.key, file.version, file.version_id as "versionId",
  file.sequencer, file.etag as "eTag", file.size_bytes::float8 as "sizeBytes"`;

const DIFFERING_TOTALS = `
  select coalesce(detail.department, stored.department) as department,
    detail.total::text as "detailTotal", coalesce(detail.count, 0)::text as "detailCount",
    stored.total_salary::text as "storedTotal", coalesce(stored.employee_count, 0)::text as "storedCount"
  from (
    select department, sum(salary::bigint) as total, count(*) as count from department_employee group by department
  ) as detail
  full join department_employee_salary as stored on stored.department = detail.department
  where (detail.total, detail.count) is distinct from (stored.total_salary, stored.employee_count)
  order by 1`;

const DIFFERING_FILES = `
  with counted as (select file_id, count(*) as rows from department_employee group by file_id),
    refused as (select file_id, count(*) as rows from refused_row group by file_id)
  select ${AUDITED_FILE}, file_id as "countedId", ingested_key.current_file_id is not null as "isCurrent",
    file.read, file.filtered_out as "filteredOut", file.rejected, file.sent, file.loaded, file.refused,
    coalesce(counted.rows, 0)::float8 as rows, coalesce(refused.rows, 0)::float8 as "refusedRows"
  from ingested_file as file
  full join counted using (file_id)
  left join refused using (file_id)
  left join ingested_key on ingested_key.current_file_id = file.file_id
  where file.bucket is null
    or ingested_key.current_file_id is null and coalesce(counted.rows, 0) > 0
    or ingested_key.current_file_id is not null and (
      coalesce(counted.rows, 0) <> file.loaded or coalesce(refused.rows, 0) <> file.refused
      or file.end_recorded and file.read <> file.filtered_out + file.rejected + file.sent
      or file.state = 'complete' and file.loaded + file.refused <> file.sent)
  order by file_id`;

const COUNT = `
  select (select count(*) from ingested_key where current_file_id is not null)::float8 as files,
    (select count(*) from department_employee)::float8 as rows`;

interface TotalRow {
  readonly department: string;
  readonly detailTotal: string | null;
  readonly detailCount: string;
  readonly storedTotal: string | null;
  readonly storedCount: string;
}

interface FileRow extends AuditedFile {
  /** The file's id in the rows; the ledger may not have it. */
  readonly countedId: string;
  readonly isCurrent: boolean;
  readonly read: number;
  readonly filteredOut: number;
  readonly rejected: number;
  readonly sent: number;
  readonly loaded: number;
  readonly refused: number;
  readonly rows: number;
  readonly refusedRows: number;
}

/** A repair takes one after the other, and the next repair takes those that follow. */
const MAX_FAULTY_FILES = 1_000;

const REPAIR = 'npm run verify -- --repair';

/** Reads all differences within one transaction. */
export async function readSalaryDifferences(client: PoolClient) {
  const totals = (await client.query<TotalRow>(DIFFERING_TOTALS)).rows;
  const files = (await client.query<FileRow>(DIFFERING_FILES)).rows;
  const [counts] = (await client.query<{ files: number; rows: number }>(COUNT)).rows;
  const current = files.filter(({ isCurrent }) => isCurrent);
  const superseded = files.filter(({ isCurrent }) => !isCurrent);
  return {
    ...{ files: counts?.files ?? 0, rows: counts?.rows ?? 0, differences: totals.length + files.length },
    findings: [...totals.map(describeTotal), ...current.map(describeFile), ...superseded.map(describeSuperseded)],
    faultyFiles: current.slice(0, MAX_FAULTY_FILES).map(toAuditedFile),
    supersededFileIds: superseded.slice(0, MAX_FAULTY_FILES).map(({ countedId }) => countedId),
  };
}

function toAuditedFile({ fileId, bucket, key, version, versionId, sequencer, eTag, sizeBytes }: FileRow): AuditedFile {
  return { fileId, bucket, key, version, versionId, sequencer, eTag, sizeBytes };
}

function describeTotal({ department, detailTotal, detailCount, storedTotal, storedCount }: TotalRow): SalaryFinding {
  const message =
    `expected a total of ${detailTotal ?? 'nothing'} for ${detailCount} employees, as department_employee has them, found ` +
    `${storedTotal ?? 'nothing'} for ${storedCount}; ${REPAIR} computes it again`;
  return { kind: 'total', subject: department, message };
}

function describeFile(file: FileRow): SalaryFinding {
  const { read, filteredOut, rejected, sent, loaded, refused, rows, refusedRows } = file;
  const message =
    rows !== loaded || refusedRows !== refused
      ? `expected ${loaded} loaded and ${refused} refused rows, as ingested_file counts them, found ${rows} and ` +
        `${refusedRows}; ${REPAIR} loads the file again`
      : `expected ${read} rows read to be filtered out, rejected or sent, and those sent to be loaded or refused, found ` +
        `${filteredOut} filtered out, ${rejected} rejected, ${sent} sent, ${loaded} loaded and ${refused} refused; ` +
        `${REPAIR} loads the file again`;
  return { kind: 'file', subject: file.key, message };
}

function describeSuperseded({ key, version, countedId, rows }: FileRow): SalaryFinding {
  const message = `expected no rows of version ${version ?? countedId}, which is not the current one of its key, found ${rows}; ${REPAIR} deletes them`;
  return { kind: 'superseded', subject: key ?? `file ${countedId}`, message };
}
