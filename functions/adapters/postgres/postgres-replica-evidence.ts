import type { ReplicaRow } from '../../core/replica-verdict.ts';
import type { ReplicaEvidence, ReplicaRows } from '../../ports/replica-evidence.ts';
import { plainArray } from './array-literal.ts';
import type { Database } from './database.ts';
import { employeesTable } from './employees-table.ts';
import { type EmployeeFields, employeeOf, FIELDS } from './evidence-fields.ts';

/** `xmin` of a row and of its version are equal when one transaction wrote both, as apply-changes does. */
const READ = (table: string) => `
  select wanted.emp_id as "empId", stored.fields, coalesce(stored.copies, 0)::integer as copies,
    coalesce(stored.xmin = version.xmin, false) as "isAsApplied",
    case when version.emp_id is not null then
      json_build_array(version.epoch::text, version.change_id::text, version.deleted) end as version,
    exists (select from dead_letter where pending and topic = $2 and record_key = wanted.emp_id::text) as "hasDeadLetter",
    watermark.epoch as "watermarkEpoch", watermark.change_id as "watermarkChangeId",
    watermark.swept_until is not null as "isSweeping"
  from employee_watermark as watermark
  left join unnest($1::integer[]) as wanted (emp_id) on true
  left join employee_version as version on version.emp_id = wanted.emp_id
  left join lateral (
    select ${FIELDS('stored')} as fields, stored.xmin, count(*) over () as copies
    from ${table} as stored where stored.emp_id = wanted.emp_id limit 1
  ) as stored on true`;

interface EvidenceRow {
  /** `null` when no key was asked for. */
  readonly empId: number | null;
  readonly fields: EmployeeFields | null;
  readonly copies: number;
  readonly isAsApplied: boolean;
  readonly version: readonly [epoch: string, changeId: string, isDeleted: boolean] | null;
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
      rows: rows.flatMap(({ empId, ...row }) => (empId === null ? [] : [toReplicaRow(empId, row)])),
      watermark: { epoch: BigInt(first?.watermarkEpoch ?? -1), changeId: BigInt(first?.watermarkChangeId ?? -1) },
      isSweeping: first?.isSweeping === true,
    };
  }
}

function toReplicaRow(
  empId: number,
  { fields, copies, isAsApplied, version, hasDeadLetter }: Omit<EvidenceRow, 'empId'>,
): ReplicaRow {
  const [epoch = '0', changeId = '0', isDeleted = false] = version ?? [];
  return {
    empId,
    employee: fields === null ? null : employeeOf(empId, fields),
    copies,
    isAsApplied,
    version: version === null ? null : { epoch: BigInt(epoch), changeId: BigInt(changeId), isDeleted },
    hasDeadLetter,
  };
}
