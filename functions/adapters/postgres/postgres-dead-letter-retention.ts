import type { DeadLetterRetention } from '../../ports/dead-letter-retention.ts';
import type { Database } from './database.ts';

/** Of one call. Smaller: a backlog takes longer. Larger: other writers wait longer for the counts of the dead letters. */
const DEAD_LETTERS_PER_CALL = 5_000;

export class PostgresDeadLetterRetention implements DeadLetterRetention {
  readonly #database: Pick<Database, 'query'>;

  constructor(database: Pick<Database, 'query'>) {
    this.#database = database;
  }

  async deleteOlderThan(days: number) {
    const { rowCount } = await this.#database.query(
      `with old as (
         select dlq_id from dead_letter
         where not pending and last_at < clock_timestamp() - make_interval(days => $1)
           and state_at < clock_timestamp() - make_interval(days => $1)
         order by last_at limit ${DEAD_LETTERS_PER_CALL}),
       locked as materialized (
         select dlq_id from dead_letter join old using (dlq_id) where not pending order by dlq_id
         for update of dead_letter skip locked)
       delete from dead_letter using locked where dead_letter.dlq_id = locked.dlq_id`,
      [days],
    );
    const deadLetters = rowCount ?? 0;
    if (deadLetters === DEAD_LETTERS_PER_CALL) return { deadLetters, redrives: 0, isComplete: false };
    const redrives = await this.#deleteRedrive(days);
    return { deadLetters, redrives, isComplete: redrives === 0 };
  }

  /**
   * One, because PostgreSQL searches all of `dead_letter` for each deleted redrive, to check the foreign key. With an
   * index for it, each claim of a dead letter would have to add an entry to every index.
   */
  async #deleteRedrive(days: number): Promise<number> {
    const { rows } = await this.#database.query<{ exists: boolean }>(
      `select exists (select from redrive where finished_at < clock_timestamp() - make_interval(days => $1))`,
      [days],
    );
    if (rows[0]?.exists !== true) return 0;
    const { rowCount } = await this.#database.query(
      `delete from redrive where redrive_id in (
         select redrive_id from redrive
         where finished_at < clock_timestamp() - make_interval(days => $1)
           and not exists (select from dead_letter where dead_letter.redrive_id = redrive.redrive_id)
         order by redrive_id limit 1)`,
      [days],
    );
    return rowCount ?? 0;
  }
}
