import { differenceCount, SLICE_COUNT } from '../../core/verification.ts';
import type { Agreement, CheckedSalaries, CheckedSlice, VerificationStore } from '../../ports/verification-store.ts';
import type { Database } from './database.ts';

/** When the differences began: now, or when the earlier result had some already. */
const differsSince = (count: string, checkedAt: string) =>
  `case when ${count} > 0 then coalesce(stored.differs_since, ${checkedAt}) end`;

const RECORD_SLICE = `
  insert into replica_check as stored (slice, after_emp_id, until_emp_id, checked_at, seconds, row_count, range_count,
    missing, extra, different, held, unsettled, causes, held_by, samples, differs_since)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, case when $16::bigint > 0 then $4::timestamptz end)
  on conflict (slice) do update set after_emp_id = excluded.after_emp_id, until_emp_id = excluded.until_emp_id,
    checked_at = excluded.checked_at, seconds = excluded.seconds, row_count = excluded.row_count,
    range_count = excluded.range_count, missing = excluded.missing, extra = excluded.extra,
    different = excluded.different, held = excluded.held, unsettled = excluded.unsettled, causes = excluded.causes,
    held_by = excluded.held_by, samples = excluded.samples,
    differs_since = ${differsSince('excluded.missing + excluded.extra + excluded.different', 'excluded.checked_at')}`;

const RECORD_SALARIES = `
  insert into salary_check as stored
    (checked_at, seconds, file_count, row_count, differences, findings, differs_since, deep_checked_at)
  values ($1, $2, $3, $4, $5, $6, case when $5::bigint > 0 then $1::timestamptz end,
    case when $7::boolean then $1::timestamptz end)
  on conflict (only_row) do update set checked_at = excluded.checked_at, seconds = excluded.seconds,
    file_count = excluded.file_count, row_count = excluded.row_count, differences = excluded.differences,
    findings = excluded.findings, deep_checked_at = coalesce(excluded.deep_checked_at, stored.deep_checked_at),
    differs_since = ${differsSince('excluded.differences', 'excluded.checked_at')}`;

const READ_SLICES = `
  select slice, json_build_object('after', after_emp_id, 'until', until_emp_id) as range, checked_at as "checkedAt",
    seconds::float8 as seconds, row_count::float8 as rows, range_count::float8 as ranges, missing::float8 as missing,
    extra::float8 as extra, different::float8 as different, held::float8 as held, unsettled::float8 as unsettled,
    causes, held_by as "heldBy", samples, differs_since as "differsSince"
  from replica_check order by slice`;

const READ_SALARIES = `
  select checked_at as "checkedAt", seconds::float8 as seconds, file_count::float8 as files, row_count::float8 as rows,
    differences::float8 as differences, findings, differs_since as "differsSince", deep_checked_at as "deepCheckedAt",
    checked_at is not distinct from deep_checked_at as "isDeep"
  from salary_check`;

type StoredSlice = Agreement['slices'][number];
type StoredSalaries = NonNullable<Agreement['salaries']>;

/** Two tables of the target, so that a restored copy of the target has the results of its own time. */
export class PostgresVerificationStore implements VerificationStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async read(): Promise<Agreement> {
    const { rows: slices } = await this.#database.query<StoredSlice & Record<string, unknown>>(READ_SLICES);
    const { rows: salaries } = await this.#database.query<StoredSalaries & Record<string, unknown>>(READ_SALARIES);
    const times = slices.map(({ checkedAt }) => checkedAt.getTime());
    return {
      oldestCheckedAt: slices.length === SLICE_COUNT ? new Date(Math.min(...times)) : null,
      slices,
      salaries: salaries[0] ?? null,
    };
  }

  async recordSlice(slice: CheckedSlice): Promise<void> {
    await this.#database.query(RECORD_SLICE, [
      ...[slice.slice, slice.range.after, slice.range.until, slice.checkedAt, slice.seconds, slice.rows, slice.ranges],
      ...[slice.missing, slice.extra, slice.different, slice.held, slice.unsettled],
      ...[slice.causes, slice.heldBy, slice.samples].map((value) => JSON.stringify(value)),
      differenceCount(slice),
    ]);
  }

  async recordSalaries(salaries: CheckedSalaries): Promise<void> {
    await this.#database.query(RECORD_SALARIES, [
      ...[salaries.checkedAt, salaries.seconds, salaries.files, salaries.rows, salaries.differences],
      ...[JSON.stringify(salaries.findings), salaries.isDeep],
    ]);
  }
}
