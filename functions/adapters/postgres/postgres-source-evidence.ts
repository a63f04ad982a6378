import type { CapturedImage, SourceRow } from '../../core/replica-verdict.ts';
import type { SourceEvidence, SourceRows, WantedEmployee } from '../../ports/source-evidence.ts';
import { plainArray } from './array-literal.ts';
import type { Database } from './database.ts';
import { employeesTable } from './employees-table.ts';
import { type EmployeeFields, employeeOf, FIELDS } from './evidence-fields.ts';

/** A change as JSON. The fields are `null` when the image has other columns than usual. */
const CHANGE = (table: string) => `
  json_build_object('changeId', ${table}.cdc_id::text, 'action', ${table}.action, 'isUnusual', ${table}.image is not null,
    'isInSnapshot', pg_visible_in_snapshot(${table}.txid, $3::pg_snapshot), 'fields', ${FIELDS(table)})`;

/**
 * `xmin` has the lower half of a transaction's id. Rows that are older than two thousand million transactions get a wrong
 * upper half, which is too great, so that they count as changed.
 */
const IS_UNCHANGED = `
  pg_visible_in_snapshot((
    case when stored.xmin::text::bigint > next.low then next.high - 4294967296 else next.high end
      + stored.xmin::text::bigint)::text::xid8, $3::pg_snapshot)`;

const READ = (table: string) => `
  select wanted.emp_id as "empId", stored.fields, coalesce(stored.is_unchanged, false) as "isUnchangedSinceSnapshot",
    newest.change as newest, applied.change as "ofReplica",
    (select cdc_id::text from emp_cdc where emp_id is null and action = 'TRUNCATE'
      and not pg_visible_in_snapshot(txid, $3::pg_snapshot)
      order by emp_cdc.emp_id desc, cdc_id desc limit 1) as "truncateId"
  from unnest($1::integer[], $2::bigint[]) as wanted (emp_id, change_id)
  cross join (
    select id & 4294967295 as low, id - (id & 4294967295) as high
    from (select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as id) as counter
  ) as next
  left join lateral (
    select ${FIELDS('stored')} as fields, ${IS_UNCHANGED} as is_unchanged
    from ${table} as stored where stored.emp_id = wanted.emp_id limit 1
  ) as stored on true
  left join lateral (
    select ${CHANGE('emp_cdc')} as change from emp_cdc
    where emp_cdc.emp_id = wanted.emp_id order by emp_cdc.cdc_id desc limit 1
  ) as newest on true
  left join lateral (
    select ${CHANGE('emp_cdc')} as change from emp_cdc
    where cdc_id = wanted.change_id and emp_cdc.emp_id = wanted.emp_id
  ) as applied on true`;

const ARE_VISIBLE = `
  select not exists (
    select from emp_cdc where cdc_id = any ($1::bigint[]) and not pg_visible_in_snapshot(txid, $2::pg_snapshot)
  ) as "areVisible"`;

interface ChangeJson {
  readonly changeId: string;
  readonly action: string | null;
  readonly isUnusual: boolean;
  readonly isInSnapshot: boolean;
  readonly fields: EmployeeFields;
}

interface EvidenceRow {
  readonly empId: number;
  readonly fields: EmployeeFields | null;
  readonly isUnchangedSinceSnapshot: boolean;
  readonly newest: ChangeJson | null;
  readonly ofReplica: ChangeJson | null;
  readonly truncateId: string | null;
}

const HAS_IMAGE = ['INSERT', 'UPDATE'];

export class PostgresSourceEvidence implements SourceEvidence {
  readonly #database: Database;

  /** @param database has sessions with `COMPARISON_SESSION`. */
  constructor(database: Database) {
    this.#database = database;
  }

  async read(employees: readonly WantedEmployee[], epochSnapshot: string): Promise<SourceRows> {
    const { rows } = await this.#database.query<EvidenceRow & Record<string, unknown>>(
      READ(await employeesTable(this.#database)),
      [
        plainArray(employees.map(({ empId }) => empId)),
        plainArray(employees.map(({ replicaChangeId }) => replicaChangeId)),
        epochSnapshot,
      ],
    );
    const [first] = rows;
    return { rows: rows.map(toSourceRow), truncateId: first?.truncateId == null ? null : BigInt(first.truncateId) };
  }

  async areVisible(changeIds: readonly bigint[], snapshot: string): Promise<boolean> {
    const { rows } = await this.#database.query<{ areVisible: boolean }>(ARE_VISIBLE, [
      plainArray(changeIds),
      snapshot,
    ]);
    return rows[0]?.areVisible === true;
  }
}

function toSourceRow({ empId, fields, isUnchangedSinceSnapshot, newest, ofReplica }: EvidenceRow): SourceRow {
  return {
    empId,
    employee: fields === null ? null : employeeOf(empId, fields),
    isUnchangedSinceSnapshot,
    newest: toImage(empId, newest),
    ofReplica: toImage(empId, ofReplica),
  };
}

function toImage(empId: number, change: ChangeJson | null): CapturedImage | null {
  if (change === null) return null;
  const { changeId, action, isUnusual, isInSnapshot, fields } = change;
  const isUsual = !isUnusual && HAS_IMAGE.includes(action ?? '');
  return {
    changeId: BigInt(changeId),
    isInSnapshot,
    employee: action === 'DELETE' ? null : isUsual ? employeeOf(empId, fields) : undefined,
  };
}
