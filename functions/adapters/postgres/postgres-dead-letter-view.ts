import type {
  DeadLetterGroup,
  DeadLetterOverview,
  DeadLetterView,
  RedriveProgress,
} from '../../ports/dead-letter-view.ts';
import type { Database } from './database.ts';

const WAITING = `state in ('open', 'claimed', 'redriven', 'parked')`;

const MAX_GROUPS = 50;
const SHOWN_REDRIVES = 3;

/** The sample is looked up by code afterwards, so that the counting reads the index of waiting dead letters only once. */
const GROUPS = `
  select code, open, redriven, parked, "lastHour", "firstAt", "lastAt", sample.dlq_id as "sampleId",
    sample.reason as "sampleReason"
  from (
    select code, (count(*) filter (where state = 'open'))::integer as open,
      (count(*) filter (where state in ('claimed', 'redriven')))::integer as redriven,
      (count(*) filter (where state = 'parked'))::integer as parked,
      (count(*) filter (where last_at > clock_timestamp() - interval '1 hour'))::integer as "lastHour",
      min(first_at) as "firstAt", max(last_at) as "lastAt"
    from dead_letter where ${WAITING}
    group by code order by open desc, code limit ${MAX_GROUPS}) as counted
  cross join lateral (
    select dlq_id, reason from dead_letter where code = counted.code and ${WAITING}
    order by last_at desc limit 1) as sample
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
