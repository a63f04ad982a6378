import { ATTEMPTS_UNTIL_PARKED } from '../../core/dead-letter-entry.ts';
import type { OffsetRange } from '../../core/offset-range.ts';
import type { AwaitedOutcomes, RedriveOutcomes } from '../../ports/redrive-outcomes.ts';
import { plainArray } from './array-literal.ts';
import type { Database } from './database.ts';
import { isNewerFile } from './is-newer-file.ts';

interface AwaitedRow extends Record<string, unknown> {
  readonly topic: string;
  readonly dead_letter_topic: string;
  readonly partition: number;
  readonly topic_ids: readonly string[];
  readonly first: string;
  readonly next: string;
}

/** Moves dead letters, sorted by name. */
const move = (chosen: string, change: string) => `
  with chosen as materialized (${chosen} order by dlq_id for update of dead_letter),
  moved as (
    update dead_letter set ${change}, state_at = clock_timestamp()
    from chosen where dead_letter.dlq_id = chosen.dlq_id returning redrive_id)
  select redrive_id, count(*)::integer as count from moved group by redrive_id order by redrive_id`;

const PUBLISHED = `select dlq_id from dead_letter
  where pending and state = 'redriven' and published_topic = $1 and published_partition = $2`;

/** The version of the whole file that failed. */
const FAILED_FILE = `
  join ingested_file as file
    on (file.bucket, file.key, file.version) = (file_bucket, file_key, file_version)`;

/** The parameters are those of `boundsOf`. */
const IN_RANGES = `exists (
  select from unnest($3::bigint[], $4::bigint[]) as passed (first, next)
  where published_offset >= first and published_offset < next)`;

const FILE_OF_ROW = '(file.bucket, file.key, file.version) = (file_bucket, file_key, file_version)';

/** Whether the row of a file is loaded, because the offsets of a consumer group may have been moved forward by hand. */
const IS_LOADED = `exists (
  select from ingested_file as file join department_employee as loaded using (file_id)
  where ${FILE_OF_ROW} and loaded.row_number = file_row)`;

/** A file that is loaded again will have the row, and a version that was replaced makes the dead letter obsolete. */
const IS_DECIDED_LATER = `exists (
  select from ingested_file as file where ${FILE_OF_ROW} and file.state in ('loading', 'superseded'))`;

const REOPEN = `state = case when attempts >= ${ATTEMPTS_UNTIL_PARKED} then 'parked' else 'open' end`;

const boundsOf = (ranges: readonly OffsetRange[]) => [
  plainArray(ranges.map(({ first }) => first)),
  plainArray(ranges.map(({ next }) => next)),
];

export class PostgresRedriveOutcomes implements RedriveOutcomes {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async findAwaited(): Promise<readonly AwaitedOutcomes[]> {
    const { rows } = await this.#database.query<AwaitedRow>(
      `select published_topic as topic, topic as dead_letter_topic, published_partition as partition,
         min(published_offset) as first, max(published_offset) + 1 as next,
         array_remove(array[min(published_topic_id), max(published_topic_id)], null) as topic_ids
       from dead_letter where pending and state = 'redriven' and published_topic is not null
       group by 1, 2, 3 order by 1, 2, 3`,
    );
    return rows.map(({ topic, dead_letter_topic: deadLetterTopic, partition, topic_ids, first, next }) => {
      const offsets = { first: BigInt(first), next: BigInt(next) };
      return { topic, deadLetterTopic, partition, topicIds: [...new Set(topic_ids)], offsets };
    });
  }

  async resolve(topic: string, partition: number, ranges: readonly OffsetRange[], topicId: string): Promise<number> {
    return this.#settle(
      'resolved',
      move(
        `${PUBLISHED} and ${IN_RANGES} and coalesce(published_topic_id, $5) = $5 and (file_row is null or ${IS_LOADED})`,
        `state = 'resolved'`,
      ),
      [topic, partition, ...boundsOf(ranges), topicId],
    );
  }

  async reopenUnloaded(topic: string, partition: number, ranges: readonly OffsetRange[]): Promise<number> {
    return this.#settle(
      'failed',
      move(
        `${PUBLISHED} and ${IN_RANGES} and file_row is not null and not ${IS_LOADED} and not ${IS_DECIDED_LATER}`,
        REOPEN,
      ),
      [topic, partition, ...boundsOf(ranges)],
    );
  }

  async reopenDeletedTopic(topic: string, topicId: string): Promise<number> {
    return this.#settle(
      'failed',
      move(
        `select dlq_id from dead_letter
         where pending and state = 'redriven' and published_topic = $1 and published_topic_id <> $2`,
        REOPEN,
      ),
      [topic, topicId],
    );
  }

  async reopen(topic: string, partition: number, { first, next }: OffsetRange): Promise<number> {
    return this.#settle('failed', move(`${PUBLISHED} and published_offset >= $3 and published_offset < $4`, REOPEN), [
      topic,
      partition,
      first,
      next,
    ]);
  }

  async resolveFiles(): Promise<number> {
    const redrivenFile = (states: string) => `
      select dlq_id from dead_letter ${FAILED_FILE}
      where pending and dead_letter.state = 'redriven' and published_topic is null and file_row is null
        and file.state in (${states})`;
    const resolved = await this.#settle(
      'resolved',
      move(redrivenFile(`'complete', 'unchanged'`), `state = 'resolved'`),
      [],
    );
    const rejected = await this.#settle(
      'failed',
      move(
        redrivenFile(`'rejected'`),
        `attempts = attempts + 1, state = case when attempts + 1 >= ${ATTEMPTS_UNTIL_PARKED} then 'parked' else 'open' end`,
      ),
      [],
    );
    return resolved + rejected;
  }

  async markObsolete(): Promise<number> {
    // A rejected version is replaced when a version that is newer has become the current one of its key.
    const { rowCount } = await this.#database.query(
      `with chosen as materialized (
         select dlq_id from dead_letter ${FAILED_FILE} join ingested_key using (bucket, key)
         left join ingested_file as current on current.file_id = current_file_id
         where pending and dead_letter.origin ? 'bucket'
           and dead_letter.state in ('open', 'parked')
           and (file.state = 'superseded' or file.state = 'rejected' and ${isNewerFile('current', 'file')})
         order by dlq_id for update of dead_letter)
       update dead_letter set state = 'obsolete', state_at = clock_timestamp()
       from chosen where dead_letter.dlq_id = chosen.dlq_id`,
    );
    const redriven = await this.#settle(
      'obsolete',
      move(
        `select dlq_id from dead_letter ${FAILED_FILE} join ingested_key using (bucket, key)
         left join ingested_file as current on current.file_id = current_file_id
         where pending and file_key is not null and dead_letter.state = 'redriven'
           and (file.state = 'superseded' or file.state = 'rejected' and ${isNewerFile('current', 'file')})`,
        `state = 'obsolete'`,
      ),
      [],
    );
    return (rowCount ?? 0) + redriven;
  }

  async completeSettled(): Promise<void> {
    // What is neither resolved nor awaited came back.
    await this.#database.query(
      `with unsettled as (
         select redrive_id, state, published, resolved, (
           select count(*) from dead_letter
           where pending and dead_letter.redrive_id = redrive.redrive_id and dead_letter.state in ('claimed', 'redriven')
         ) as awaited
         from redrive where state in ('settling', 'canceled') and finished_at is null)
       update redrive set failed = greatest(0, redrive.published - redrive.resolved - awaited),
         state = case when awaited = 0 and redrive.state = 'settling' then 'complete' else redrive.state end,
         finished_at = case when awaited = 0 then clock_timestamp() end
       from unsettled where redrive.redrive_id = unsettled.redrive_id`,
    );
  }

  /**
   * Counts what was moved in a column of each redrive. A statement of its own, so that dead letters, their counts and redrives
   * are locked in the same order as by a redrive that records a batch.
   */
  async #settle(column: 'resolved' | 'failed' | 'obsolete', text: string, values: readonly unknown[]): Promise<number> {
    return this.#database.transaction(async (client) => {
      const { rows } = await client.query<{ redrive_id: string; count: number }>(text, [...values]);
      if (rows.length === 0) return 0;
      await client.query(
        `update redrive set ${column} = ${column} + counted.count
           ${column === 'obsolete' ? ', published = greatest(0, published - counted.count)' : ''}
         from unnest($1::bigint[], $2::integer[]) as counted (redrive_id, count)
         where redrive.redrive_id = counted.redrive_id`,
        [rows.map(({ redrive_id }) => redrive_id), rows.map(({ count }) => count)],
      );
      return rows.reduce((sum, { count }) => sum + count, 0);
    });
  }
}
