import type { Database } from '../../../functions/adapters/postgres/database.ts';

/** Counting more would take long, and the exact number does not matter. */
const MAX_BACKLOG = 100_000;

export interface SourceStatus {
  /** Captured changes that the saved position does not include, at most `MAX_BACKLOG`; 0 before the first position. */
  readonly backlog: number;
  /** Age of the oldest of them by the clock of the source; `null` without any. */
  readonly oldestAgeMs: number | null;
}

/** As JSON, so that a table without `changed_at`, which the poller reports, can be read too. */
const READ = `
  with unpublished as (
    select from emp_cdc
    where txid >= pg_snapshot_xmax($1::pg_snapshot) or txid in (select pg_snapshot_xip($1::pg_snapshot))
    limit ${MAX_BACKLOG}
  ), oldest as (
    select to_jsonb(change)->>'changed_at' as changed_at from emp_cdc as change
    where txid >= pg_snapshot_xmax($1::pg_snapshot) or txid in (select pg_snapshot_xip($1::pg_snapshot))
    order by txid, cdc_id limit 1
  )
  select (select count(*)::integer from unpublished) as backlog,
    (select extract(epoch from clock_timestamp() - changed_at::timestamptz)::float8 * 1000 from oldest) as "oldestAgeMs"`;

/** `since`: the saved position, as the text of a `pg_snapshot`. */
export async function readSource(database: Database, since: string | undefined): Promise<SourceStatus> {
  const { rows } = await database.query<SourceStatus & Record<string, unknown>>(READ, [since ?? null]);
  return rows[0] ?? { backlog: 0, oldestAgeMs: null };
}
