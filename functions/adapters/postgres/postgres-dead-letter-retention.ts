import type { DeadLetterRetention } from '../../ports/dead-letter-retention.ts';
import type { Database } from './database.ts';

/** Of one call. Smaller: a backlog takes longer. Larger: other writers wait longer for the counts of the dead letters. */
const DEAD_LETTERS_PER_CALL = 5_000;
/** Few, because PostgreSQL searches `dead_letter` once for each deleted redrive, to check the foreign key. */
const REDRIVES_PER_CALL = 20;

export class PostgresDeadLetterRetention implements DeadLetterRetention {
  readonly #database: Pick<Database, 'query'>;

  constructor(database: Pick<Database, 'query'>) {
    this.#database = database;
  }

  async deleteOlderThan(days: number): Promise<{ deadLetters: number; redrives: number }> {
    const { rowCount: deadLetters } = await this.#database.query(
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
    const { rows } = await this.#database.query<{ exists: boolean }>(
      `select exists (select from redrive where finished_at < clock_timestamp() - make_interval(days => $1))`,
      [days],
    );
    if (rows[0]?.exists !== true) return { deadLetters: deadLetters ?? 0, redrives: 0 };
    const { rowCount: redrives } = await this.#database.query(
      `delete from redrive where redrive_id in (
         select redrive_id from redrive
         where finished_at < clock_timestamp() - make_interval(days => $1)
           and not exists (select from dead_letter where dead_letter.redrive_id = redrive.redrive_id)
         order by redrive_id limit ${REDRIVES_PER_CALL})`,
      [days],
    );
    return { deadLetters: deadLetters ?? 0, redrives: redrives ?? 0 };
  }
}
