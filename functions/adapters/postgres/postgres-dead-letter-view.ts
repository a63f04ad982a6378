import type {
  DeadLetterGroup,
  DeadLetterOverview,
  DeadLetterView,
  RedriveProgress,
} from '../../ports/dead-letter-view.ts';
import type { Database } from './database.ts';

const MAX_GROUPS = 50;
const SHOWN_REDRIVES = 3;

const countOf = (states: string) => `coalesce(sum(count) filter (where state in (${states})), 0)::integer`;

/** The counts are kept in a table, and the rest of each code is looked up in an index, so that no row is read to be counted. */
const GROUPS = `
  select code, open, redriven, parked, "firstAt", "lastAt", "sampleId", "sampleReason",
    (select count(*) from dead_letter
     where pending and code = counted.code and last_at > clock_timestamp() - interval '1 hour')::integer as "lastHour"
  from (
    select code, ${countOf("'open'")} as open, ${countOf("'claimed', 'redriven'")} as redriven,
      ${countOf("'parked'")} as parked
    from dead_letter_count where state in ('open', 'claimed', 'redriven', 'parked')
    group by code having sum(count) > 0 order by open desc, code limit ${MAX_GROUPS}) as counted
  cross join lateral (
    select first_at as "firstAt" from dead_letter where pending and code = counted.code
    order by last_at limit 1) as oldest
  cross join lateral (
    select last_at as "lastAt", dlq_id as "sampleId", reason as "sampleReason" from dead_letter
    where pending and code = counted.code order by last_at desc limit 1) as latest
  order by open desc, code`;

const REDRIVES = `
  select redrive_id::text as id, state, note, claimed, published, resolved, failed, refused, created_at as "createdAt",
    finished_at as "finishedAt"
  from redrive order by redrive_id desc limit ${SHOWN_REDRIVES}`;

export class PostgresDeadLetterView implements DeadLetterView {
  readonly #database: Pick<Database, 'query'>;

  constructor(database: Pick<Database, 'query'>) {
    this.#database = database;
  }

  async overview(): Promise<DeadLetterOverview> {
    const { rows: groups } = await this.#database.query<DeadLetterGroup & Record<string, unknown>>(GROUPS);
    const { rows: redrives } = await this.#database.query<RedriveProgress & Record<string, unknown>>(REDRIVES);
    return { groups, redrives };
  }
}
