import type { Employee } from '../../core/employee-change.ts';
import type { CapturedImage, SourceRow } from '../../core/replica-verdict.ts';
import type { SourceEvidence, SourceRows, WantedEmployee } from '../../ports/source-evidence.ts';
import { plainArray } from './array-literal.ts';
import type { Database } from './database.ts';
import { employeesTable } from './employees-table.ts';
import {
  HAVE_SAME_VALUES,
  IMAGE_FIELDS,
  type ImageFields,
  imagedEmployee,
  STORED_COLUMNS,
  STORED_NAMES,
  type StoredColumns,
  storedEmployee,
} from './evidence-fields.ts';

/**
 * `xmin` has the lower half of a transaction's id. Rows that are older than two thousand million transactions get a wrong
 * upper half, which is too great, so that they count as changed.
 */
const IS_UNCHANGED = `
  pg_visible_in_snapshot((
    case when stored.xmin::text::bigint > next.low then next.high - 4294967296 else next.high end
      + stored.xmin::text::bigint)::text::xid8, $3::pg_snapshot)`;

/**
 * The newest change usually has the values of the row, so that its own are not read. The change that the replica has is
 * looked up only when it is another one: an index scan for null ends at once.
 */
const READ = (table: string) => `
  select wanted.emp_id as "empId", stored.emp_id is not null as "isStored", ${STORED_COLUMNS},
    coalesce(stored.is_unchanged, false) as "isUnchangedSinceSnapshot",
    newest.cdc_id as "newestId", newest.action as "newestAction", newest.image is not null as "isNewestUnusual",
    pg_visible_in_snapshot(newest.txid, $3::pg_snapshot) as "isNewestInSnapshot",
    case when newest.action <> 'DELETE' and (stored.emp_id is null or not (${HAVE_SAME_VALUES('newest', 'stored')}))
      then ${IMAGE_FIELDS('newest')} end
      as "newestFields",
    applied.change as "ofReplica",
    (select cdc_id::text from emp_cdc where emp_id is null and action = 'TRUNCATE'
      and not pg_visible_in_snapshot(txid, $3::pg_snapshot)
      order by emp_cdc.emp_id desc, cdc_id desc limit 1) as "truncateId"
  from unnest($1::integer[], $2::bigint[]) as wanted (emp_id, change_id)
  cross join (
    select id & 4294967295 as low, id - (id & 4294967295) as high
    from (select pg_snapshot_xmax(pg_current_snapshot())::text::bigint as id) as counter
  ) as next
  left join lateral (
    select ${STORED_NAMES}, ${IS_UNCHANGED} as is_unchanged
    from ${table} as stored where stored.emp_id = wanted.emp_id limit 1
  ) as stored on true
  left join lateral (
    select emp_cdc.* from emp_cdc where emp_cdc.emp_id = wanted.emp_id order by emp_cdc.cdc_id desc limit 1
  ) as newest on true
  left join lateral (
    select json_build_object('changeId', cdc_id::text, 'action', action, 'isUnusual', image is not null,
      'isInSnapshot', pg_visible_in_snapshot(txid, $3::pg_snapshot), 'fields', ${IMAGE_FIELDS('emp_cdc')}) as change
    from emp_cdc
    where cdc_id = case when wanted.change_id <> newest.cdc_id then wanted.change_id end and emp_cdc.emp_id = wanted.emp_id
  ) as applied on true`;

const ARE_VISIBLE = `
  select not exists (
    select from emp_cdc where cdc_id = any ($1::bigint[]) and not pg_visible_in_snapshot(txid, $2::pg_snapshot)
  ) as "areVisible"`;

interface Change {
  readonly changeId: string;
  readonly action: string | null;
  readonly isUnusual: boolean;
  readonly isInSnapshot: boolean;
  /** `null`: the values of the stored row. */
  readonly fields: ImageFields | null;
}

interface EvidenceRow extends StoredColumns {
  readonly empId: number;
  readonly isStored: boolean;
  readonly isUnchangedSinceSnapshot: boolean;
  /** `null` without a change. */
  readonly newestId: string | null;
  readonly newestAction: string | null;
  readonly isNewestUnusual: boolean;
  readonly isNewestInSnapshot: boolean;
  readonly newestFields: ImageFields | null;
  /** `null` when it is the newest change, or not retained. */
  readonly ofReplica: Change | null;
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
    const replicaIds = new Map(employees.map(({ empId, replicaChangeId }) => [empId, replicaChangeId]));
    return {
      rows: rows.map((row) => toSourceRow(row, replicaIds.get(row.empId) ?? null)),
      truncateId: first?.truncateId == null ? null : BigInt(first.truncateId),
    };
  }

  async areVisible(changeIds: readonly bigint[], snapshot: string): Promise<boolean> {
    const { rows } = await this.#database.query<{ areVisible: boolean }>(ARE_VISIBLE, [
      plainArray(changeIds),
      snapshot,
    ]);
    return rows[0]?.areVisible === true;
  }
}

function toSourceRow(row: EvidenceRow, replicaChangeId: bigint | null): SourceRow {
  const { empId, isStored, isUnchangedSinceSnapshot, newestId, ofReplica } = row;
  const employee = isStored ? storedEmployee(empId, row) : null;
  const newest = newestId === null ? null : toImage(empId, employee, newestChange(newestId, row));
  return {
    ...{ empId, employee, isUnchangedSinceSnapshot, newest },
    ofReplica:
      newest !== null && newest.changeId === replicaChangeId
        ? newest
        : ofReplica && toImage(empId, employee, ofReplica),
  };
}

function newestChange(changeId: string, row: EvidenceRow): Change {
  return {
    ...{ changeId, action: row.newestAction, fields: row.newestFields },
    ...{ isUnusual: row.isNewestUnusual, isInSnapshot: row.isNewestInSnapshot },
  };
}

function toImage(
  empId: number,
  stored: Employee | null,
  { changeId, action, isUnusual, isInSnapshot, fields }: Change,
): CapturedImage {
  const isUsual = !isUnusual && HAS_IMAGE.includes(action ?? '');
  const values = fields === null ? stored : imagedEmployee(empId, fields);
  return {
    ...{ changeId: BigInt(changeId), isInSnapshot },
    employee: action === 'DELETE' ? null : isUsual ? (values ?? undefined) : undefined,
  };
}
