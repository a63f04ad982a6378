import type { Backlog, CaptureBacklog } from '../../ports/capture-backlog.ts';
import type { Database } from './database.ts';

/** Counting more would take long, and the exact number does not matter. */
const MAX_CHANGES = 10_000;

/**
 * Transactions that began after the snapshot (first branch) or were open in it (second branch). Two branches, because an
 * index serves each of them, and none serves both together: that would read all changes that are kept.
 */
export const READ_BACKLOG = `
  select count(*)::integer as changes,
    extract(epoch from clock_timestamp() - min(changed_at))::float8 * 1000 as "oldestAgeMs"
  from (
    (select changed_at from emp_cdc where txid >= pg_snapshot_xmax($1::pg_snapshot)
      order by txid, cdc_id limit ${MAX_CHANGES + 1})
    union all
    (select changed_at from emp_cdc where txid = any(array(select pg_snapshot_xip($1::pg_snapshot)))
      order by txid, cdc_id limit ${MAX_CHANGES + 1})) as unpublished`;

export class PostgresCaptureBacklog implements CaptureBacklog {
  readonly #database: Pick<Database, 'query'>;

  constructor(database: Pick<Database, 'query'>) {
    this.#database = database;
  }

  async read(since: string | null): Promise<Backlog> {
    if (since === null) return { changes: 0, isMore: false, oldestAgeMs: null };
    const { rows } = await this.#database.query<Pick<Backlog, 'changes' | 'oldestAgeMs'>>(READ_BACKLOG, [since]);
    const { changes = 0, oldestAgeMs = null } = rows[0] ?? {};
    return {
      changes: Math.min(changes, MAX_CHANGES),
      isMore: changes > MAX_CHANGES,
      // A change captured before the source's clock was set back has a time in the future: its age is shown as 0.
      oldestAgeMs: oldestAgeMs === null ? null : Math.max(0, oldestAgeMs),
    };
  }
}
