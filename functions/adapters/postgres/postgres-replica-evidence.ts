import type { ReplicaRow } from '../../core/replica-verdict.ts';
import type { ReplicaEvidence, ReplicaRows } from '../../ports/replica-evidence.ts';
import { plainArray } from './array-literal.ts';
import type { Database } from './database.ts';
import { employeesTable } from './employees-table.ts';
import { STORED_COLUMNS, STORED_NAMES, type StoredColumns, storedEmployee } from './evidence-fields.ts';

/** `xmin` of a row and of its version are equal when one transaction wrote both, as apply-changes does. */
const READ = (table: string) => `
  select wanted.emp_id as "empId", ${STORED_COLUMNS}, coalesce(stored.copies, 0)::integer as copies,
    coalesce(stored.xmin = version.xmin, false) as "isAsApplied",
    version.epoch, version.change_id as "changeId", version.deleted as "isDeleted",
    exists (select from dead_letter where pending and topic = $2 and record_key = wanted.emp_id::text) as "hasDeadLetter",
    watermark.epoch as "watermarkEpoch", watermark.change_id as "watermarkChangeId",
    watermark.swept_until is not null as "isSweeping"
  from employee_watermark as watermark
  left join unnest($1::integer[]) as wanted (emp_id) on true
  left join employee_version as version on version.emp_id = wanted.emp_id
  left join lateral (
    select ${STORED_NAMES}, stored.xmin, count(*) over () as copies
    from ${table} as stored where stored.emp_id = wanted.emp_id limit 1
  ) as stored on true`;

interface EvidenceRow extends StoredColumns {
  /** `null` when no key was asked for. */
  readonly empId: number | null;
  readonly copies: number;
  readonly isAsApplied: boolean;
  /** `null` without a version, as the next two. */
  readonly epoch: string | null;
  readonly changeId: string | null;
  readonly isDeleted: boolean | null;
  readonly hasDeadLetter: boolean;
  readonly watermarkEpoch: string;
  readonly watermarkChangeId: string;
  readonly isSweeping: boolean;
}

export class PostgresReplicaEvidence implements ReplicaEvidence {
  readonly #database: Database;
  readonly #deadLetterTopic: string;

  /** @param database has sessions with `COMPARISON_SESSION`. */
  constructor(database: Database, deadLetterTopic: string) {
    this.#database = database;
    this.#deadLetterTopic = deadLetterTopic;
  }

  async read(empIds: readonly number[]): Promise<ReplicaRows> {
    const { rows } = await this.#database.query<EvidenceRow & Record<string, unknown>>(
      READ(await employeesTable(this.#database)),
      [plainArray(empIds), this.#deadLetterTopic],
    );
    const [first] = rows;
    return {
      rows: rows.flatMap((row) => (row.empId === null ? [] : [toReplicaRow(row.empId, row)])),
      watermark: { epoch: BigInt(first?.watermarkEpoch ?? -1), changeId: BigInt(first?.watermarkChangeId ?? -1) },
      isSweeping: first?.isSweeping === true,
    };
  }
}

function toReplicaRow(empId: number, row: EvidenceRow): ReplicaRow {
  const { copies, isAsApplied, hasDeadLetter, epoch, changeId, isDeleted } = row;
  return {
    ...{ empId, copies, isAsApplied, hasDeadLetter },
    employee: copies === 0 ? null : storedEmployee(empId, row),
    version:
      epoch === null ? null : { epoch: BigInt(epoch), changeId: BigInt(changeId ?? 0), isDeleted: isDeleted === true },
  };
}
