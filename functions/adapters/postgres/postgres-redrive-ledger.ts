import type { PoolClient } from 'pg';
import { sqlStateOf } from '../../core/classify-error.ts';
import { ATTEMPTS_UNTIL_PARKED } from '../../core/dead-letter-entry.ts';
import type { Redrive, RedriveCount, RedriveFilter, RedriveRequest } from '../../core/redrive.ts';
import type { ClaimedDeadLetter, RedriveRefusal } from '../../core/redrive.ts';
import type { DeadLetterPosition, RedriveLedger, RedriveOutcome } from '../../ports/redrive-ledger.ts';
import { CLOCK_TOLERANCE } from './clock-tolerance.ts';
import type { Database } from './database.ts';
import { countAsFiltered, mergeRefusals, moveDeadLetters } from './redrive-transitions.ts';
import {
  CLAIMED_COLUMNS,
  type ClaimedRow,
  claimedOf,
  DESTINATION,
  REDRIVE_COLUMNS,
  type RedriveRow,
  redriveInProgress,
  selection,
} from './redrive-rows.ts';

const UNIQUE_VIOLATION = '23505';

/** The state to which a claimed dead letter returns; see `stateOfFailure`. */
const RESTING_STATE = `case when attempts >= ${ATTEMPTS_UNTIL_PARKED} then 'parked' else 'open' end`;
const IN_PROGRESS = `state in ('planned', 'running')`;

/** Locks dead letters before redrives, and dead letters by name, as index-dead-letters does. */
export class PostgresRedriveLedger implements RedriveLedger {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  async count(filter: RedriveFilter): Promise<readonly RedriveCount[]> {
    const { condition, values } = selection(filter, 1);
    const { rows } = await this.#database.query<RedriveCount & Record<string, unknown>>(
      `select code, ${DESTINATION} as destination, count(*)::integer as count from dead_letter
       where ${condition} group by 1, 2 order by 1, 2`,
      values,
    );
    return rows;
  }

  async knownCodes(): Promise<readonly string[]> {
    const { rows } = await this.#database.query<{ code: string }>('select distinct code from dead_letter_count');
    return rows.map(({ code }) => code);
  }

  async plan({ filter, note, rate }: RedriveRequest): Promise<Redrive | null> {
    try {
      return await this.#database.transaction(async (client) => {
        const created = await client.query<{ redrive_id: string }>(
          'insert into redrive (filter, note, rate) values ($1, $2, $3) returning redrive_id',
          [JSON.stringify(filter), note, rate],
        );
        const redriveId = created.rows[0]?.redrive_id as string;
        const counts = await claim(client, redriveId, filter);
        if (counts.length === 0) {
          await client.query('delete from redrive where redrive_id = $1', [redriveId]);
          return null;
        }
        const { rows } = await client.query<RedriveRow>(
          `update redrive set counts = $2, claimed = $3 where redrive_id = $1 returning ${REDRIVE_COLUMNS}`,
          [redriveId, JSON.stringify(counts), counts.reduce((sum, { count }) => sum + count, 0)],
        );
        return rows[0] as Redrive;
      });
    } catch (error) {
      if (sqlStateOf(error) !== UNIQUE_VIOLATION) throw error;
      const { rows } = await this.#database.query<{ id: string }>(
        `select redrive_id::text as id from redrive where ${IN_PROGRESS}`,
      );
      throw redriveInProgress(rows[0]?.id);
    }
  }

  async find(redriveId?: string): Promise<Redrive | null> {
    return this.#one(
      `select ${REDRIVE_COLUMNS} from redrive where $1::bigint is null or redrive_id = $1
       order by redrive.redrive_id desc limit 1`,
      [redriveId ?? null],
    );
  }

  async findAbandoned(staleAfterMs: number): Promise<Redrive | null> {
    return this.#one(`select ${REDRIVE_COLUMNS} from redrive where ${IN_PROGRESS} and ${isFree('$1')}`, [staleAfterMs]);
  }

  async acquire(redriveId: string, owner: string, staleAfterMs: number): Promise<Redrive | null> {
    return this.#one(
      `update redrive set owner = $2, state = 'running', heartbeat_at = clock_timestamp(),
         started_at = coalesce(started_at, clock_timestamp())
       where redrive_id = $1 and ${IN_PROGRESS} and (owner = $2 or ${isFree('$3')}) returning ${REDRIVE_COLUMNS}`,
      [redriveId, owner, staleAfterMs],
    );
  }

  async renew(redriveId: string, owner: string): Promise<boolean> {
    const { rowCount } = await this.#database.query(
      `update redrive set heartbeat_at = clock_timestamp()
       where redrive_id = $1 and owner = $2 and state = 'running'`,
      [redriveId, owner],
    );
    return rowCount === 1;
  }

  async release(redriveId: string, owner: string): Promise<void> {
    await this.#database.query('update redrive set owner = null where redrive_id = $1 and owner = $2', [
      redriveId,
      owner,
    ]);
  }

  async nextBatch(
    redriveId: string,
    after: DeadLetterPosition | null,
    limit: number,
  ): Promise<readonly ClaimedDeadLetter[]> {
    const { rows } = await this.#database.query<ClaimedRow>(
      `select ${CLAIMED_COLUMNS} from dead_letter
       left join ingested_file as file on dead_letter.origin ? 'bucket'
         and (file.bucket, file.key, file.version) = (file_bucket, file_key, file_version)
       where pending and dead_letter.state = 'claimed' and redrive_id = $1
         and (topic, kafka_partition, kafka_offset) > ($2, $3, $4)
       order by topic, kafka_partition, kafka_offset limit $5`,
      [redriveId, after?.topic ?? '', after?.partition ?? -1, after?.offset ?? -1, limit],
      'next-claimed',
    );
    return rows.map(claimedOf);
  }

  async recordBatch(redriveId: string, owner: string, outcome: RedriveOutcome): Promise<boolean> {
    const { filtered, refused, obsolete, published, requested, returned } = outcome;
    return this.#database.transaction(async (client) => {
      if (filtered.length > 0) await lockKeysOf(client, filtered);
      const moved = await moveDeadLetters(client, redriveId, outcome);
      const countMoved = (...items: readonly { readonly dlqId: string }[]) =>
        items.filter(({ dlqId }) => moved.has(dlqId)).length;
      const movedRows = filtered.filter(({ dlqId }) => moved.has(dlqId));
      const movedRefused = refused.filter(({ dlqId }) => moved.has(dlqId));
      if (movedRows.length > 0)
        await countAsFiltered(
          client,
          movedRows.map(({ fileId }) => fileId),
        );
      const counts = [
        countMoved(...published, ...requested, ...returned, ...filtered),
        countMoved(...returned),
        movedRows.length,
        countMoved(...refused),
        countMoved(...obsolete),
      ];
      const { rows } = await client.query<{ isOwned: boolean; refusals: RedriveRefusal[] }>({
        name: 'record-redriven',
        text: `update redrive set published = published + $3, failed = failed + $4, resolved = resolved + $5,
                 refused = refused + $6, obsolete = obsolete + $7,
                 heartbeat_at = case when owner = $2 then clock_timestamp() else heartbeat_at end
               where redrive_id = $1
               returning coalesce(owner = $2 and state = 'running', false) as "isOwned", refusals`,
        values: [redriveId, owner, ...counts],
      });
      if (movedRefused.length > 0) {
        await client.query('update redrive set refusals = $2 where redrive_id = $1', [
          redriveId,
          JSON.stringify(mergeRefusals(rows[0]?.refusals ?? [], movedRefused)),
        ]);
      }
      return rows[0]?.isOwned === true;
    });
  }

  async finishPublishing(redriveId: string, owner: string): Promise<void> {
    // A crash between a publish and its record leaves a dead letter uncounted when it came back before it was repeated.
    await this.#database.query(
      `update redrive set state = 'settling', owner = null, published_at = clock_timestamp(), published = claimed - refused - obsolete
       where redrive_id = $1 and owner = $2 and state = 'running'`,
      [redriveId, owner],
    );
  }

  async cancel(redriveId: string): Promise<Redrive | null> {
    return this.#database.transaction(async (client) => {
      await client.query(
        `with released as (
           select dlq_id from dead_letter where pending and state = 'claimed' and redrive_id = $1 order by dlq_id for update)
         update dead_letter set state = ${RESTING_STATE}, state_at = clock_timestamp()
         from released where dead_letter.dlq_id = released.dlq_id`,
        [redriveId],
      );
      const { rows } = await client.query<RedriveRow>(
        `update redrive set state = case when ${IN_PROGRESS} then 'canceled' else state end,
           cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp())
         where redrive_id = $1 returning ${REDRIVE_COLUMNS}`,
        [redriveId],
      );
      return rows[0] ?? null;
    });
  }

  async #one(text: string, values: readonly unknown[]): Promise<Redrive | null> {
    const { rows } = await this.#database.query<RedriveRow>(text, values);
    return rows[0] ?? null;
  }
}

/** Whether a redrive has no owner that is alive; the parameter has milliseconds. */
function isFree(staleAfterMs: string): string {
  return `(owner is null or heartbeat_at < clock_timestamp() - make_interval(secs => ${staleAfterMs}::float8 / 1000)
    or heartbeat_at > clock_timestamp() + ${CLOCK_TOLERANCE})`;
}

/** Sorted, because index-dead-letters locks them in the same order. */
async function claim(client: PoolClient, redriveId: string, filter: RedriveFilter): Promise<RedriveCount[]> {
  const { condition, values } = selection(filter, 2);
  const { rows } = await client.query<RedriveCount>(
    `with chosen as materialized (select dlq_id from dead_letter where ${condition} order by dlq_id for update),
     claimed as (
       update dead_letter set state = 'claimed', state_at = clock_timestamp(), redrive_id = $1,
         published_topic = null, published_partition = null, published_offset = null, published_topic_id = null
       from chosen where dead_letter.dlq_id = chosen.dlq_id
       returning code, ${DESTINATION} as destination)
     select code, destination, count(*)::integer as count from claimed group by 1, 2 order by 1, 2`,
    [redriveId, ...values],
  );
  return rows;
}

async function lockKeysOf(client: PoolClient, rows: RedriveOutcome['filtered']): Promise<void> {
  await client.query(
    `select from ingested_key where (bucket, key) in (
       select bucket, key from ingested_file where file_id = any($1::bigint[]))
     order by bucket collate "C", key collate "C" for update`,
    [rows.map(({ fileId }) => fileId)],
  );
}
