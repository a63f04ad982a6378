import type { Levels, TargetLevels } from '../../ports/target-levels.ts';
import type { Database } from './database.ts';

const ageOf = (time: string) => `greatest(0, extract(epoch from clock_timestamp() - ${time}))::float8`;
const countOf = (state: string) =>
  `(select coalesce(sum(count), 0) from dead_letter_count where state = '${state}')::float8`;

/** No dead letter is looked for when none is open. */
const READ = `
  select ${countOf('open')} as "deadLettersOpen",
    ${countOf('parked')} as "deadLettersParked",
    case when exists (select from dead_letter_count where state = 'open' and count > 0) then coalesce(
      (select ${ageOf('last_at')} from dead_letter where pending and state = 'open' order by last_at limit 1), 0)
    else 0 end as "openDeadLetterAgeSeconds",
    (missing + extra + different)::float8 as "replicaDifferences",
    coalesce((select differences from salary_check), 0)::float8 as "salaryDifferences",
    greatest(${ageOf('coalesce(oldest_checked_at, applied_at)')},
      ${ageOf('coalesce((select checked_at from salary_check), applied_at)')}) as "verificationAgeSeconds"
  from replica_agreement,
    (select max(applied_at) as applied_at from _private_migration where name like '%verification') as migration`;

export class PostgresTargetLevels implements TargetLevels {
  readonly #database: Pick<Database, 'query'>;

  constructor(database: Pick<Database, 'query'>) {
    this.#database = database;
  }

  async read(): Promise<Levels> {
    const { rows } = await this.#database.query<Levels & Record<string, number>>(READ);
    const [levels] = rows;
    if (levels === undefined) throw new Error('expected the result of the verification in the target, found no row');
    return levels;
  }
}
