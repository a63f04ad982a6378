import type { FileProgress, SalaryOverview, SalaryView } from '../../ports/salary-view.ts';
import { CLOCK_TOLERANCE } from './clock-tolerance.ts';
import type { Database } from './database.ts';

/** Counting more would take long, and the exact number does not matter. */
const MAX_LOADING = 1_000;
/** Three heartbeats of transform-csv. Smaller: a file on a slow machine is shown while it makes progress. */
const STANDSTILL_SECONDS = 15;
const MAX_STANDING = 20;
/** Of the newest files: older ones are not searched, so that a search stays fast. */
const MAX_SEARCHED = 100_000;

const FILE = `bucket, key, version, state, read, filtered_out as "filteredOut", rejected, sent, loaded, refused,
  end_recorded as "endRecorded", started_at as "startedAt", finished_at as "finishedAt", heartbeat_at as "heartbeatAt"`;

const OVERVIEW = `
  select
    (select coalesce(json_agg(total), '[]') from (
      select department, total_salary::text as "totalSalary", employee_count::text as "employees"
      from department_employee_salary order by department) as total) as totals,
    (select count(*)::integer from (
      select from ingested_file where state = 'loading' limit ${MAX_LOADING}) as loading) as loading`;

const STANDING = `
  select key, heartbeat_at as "heartbeatAt" from ingested_file
  where state = 'loading' and (heartbeat_at < clock_timestamp() - make_interval(secs => ${STANDSTILL_SECONDS})
    or heartbeat_at > clock_timestamp() + ${CLOCK_TOLERANCE})
  order by heartbeat_at limit ${MAX_STANDING}`;

const NEWEST = `select ${FILE} from ingested_file order by file_id desc limit $1`;

const FIND = `
  select ${FILE} from (select * from ingested_file order by file_id desc limit ${MAX_SEARCHED}) as file
  where position(lower($1) in lower(key)) > 0
  order by file_id desc limit $2`;

export class PostgresSalaryView implements SalaryView {
  readonly #database: Pick<Database, 'query'>;

  constructor(database: Pick<Database, 'query'>) {
    this.#database = database;
  }

  async overview(fileLimit: number): Promise<SalaryOverview> {
    const { rows } = await this.#database.query<Pick<SalaryOverview, 'totals' | 'loading'>>(OVERVIEW);
    const { rows: newest } = await this.#database.query<FileProgress & Record<string, unknown>>(NEWEST, [fileLimit]);
    const { rows: standing } = await this.#database.query<SalaryOverview['standing'][number]>(STANDING);
    return { totals: rows[0]?.totals ?? [], loading: rows[0]?.loading ?? 0, newest, standing };
  }

  async findFiles(keyPart: string, limit: number): Promise<readonly FileProgress[]> {
    const { rows } = await this.#database.query<FileProgress & Record<string, unknown>>(FIND, [keyPart, limit]);
    return rows;
  }
}
