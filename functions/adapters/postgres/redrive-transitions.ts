import { stateOfFailure } from '../../core/dead-letter-entry.ts';
import type { PoolClient } from 'pg';
import type { RedriveRefusal } from '../../core/redrive.ts';
import type { PublishedPosition, RedriveOutcome } from '../../ports/redrive-ledger.ts';
import { plainArray, textArray } from './array-literal.ts';

/** How many dead letters a refusal names, so that the row of a redrive stays small. */
const NAMED_PER_REFUSAL = 20;

interface Transition {
  readonly dlqId: string;
  readonly attempts: number;
  readonly state: 'redriven' | 'open' | 'parked' | 'resolved' | 'obsolete';
  readonly addedAttempts?: number;
  readonly to?: PublishedPosition;
  readonly code?: string;
  readonly reason?: string;
}

/**
 * One statement, so that the counts of the dead letters are updated once. Sorted, so that writers cannot deadlock. The locked
 * rows carry their change, because a join of two lists of unknown length may be planned as a comparison of all pairs.
 *
 * A dead letter that is not claimed was released by a cancel, or another invocation has recorded the same batch. One
 * that is published, requested, filtered or obsolete is recorded also then. A refused or returned one stays as it is
 * and is not counted.
 */
const MOVE = `
  with locked as (
    select change.* from unnest($1::text[], $2::integer[], $3::text[], $4::integer[], $5::text[], $6::integer[],
        $7::bigint[], $8::text[], $9::text[], $11::text[])
        as change (dlq_id, attempts, state, added, topic, kafka_partition, kafka_offset, code, reason, topic_id)
      join dead_letter using (dlq_id)
    where dead_letter.redrive_id = $10 and dead_letter.attempts = change.attempts
      and (dead_letter.state = 'claimed'
        or dead_letter.state in ('open', 'parked') and change.state not in ('open', 'parked'))
    order by dlq_id for update of dead_letter)
  update dead_letter set
    state = change.state, state_at = clock_timestamp(),
    attempts = dead_letter.attempts + change.added,
    code = coalesce(change.code, dead_letter.code), reason = coalesce(change.reason, dead_letter.reason),
    published_topic = change.topic, published_partition = change.kafka_partition, published_offset = change.kafka_offset,
    published_topic_id = change.topic_id
  from locked as change
  where dead_letter.dlq_id = change.dlq_id
  returning dead_letter.dlq_id as "dlqId"`;

/**
 * Moves the dead letters of a batch to their next states. One that has come back meanwhile has more attempts and stays as
 * it is; one that a cancel has released is still marked as published. The time of the last failure is that of the dead letter
 * that a returned row gets: its index entry would otherwise seem older, and the place of the new dead letter be unknown.
 *
 * @returns the names of those moved.
 */
export async function moveDeadLetters(
  client: PoolClient,
  redriveId: string,
  outcome: RedriveOutcome,
): Promise<ReadonlySet<string>> {
  const changes = transitionsOf(outcome);
  const { rows } = await client.query<{ dlqId: string }>({
    name: 'move-dead-letters',
    text: MOVE,
    values: [
      textArray(changes.map(({ dlqId }) => dlqId)),
      plainArray(changes.map(({ attempts }) => attempts)),
      plainArray(changes.map(({ state }) => state)),
      plainArray(changes.map(({ addedAttempts = 0 }) => addedAttempts)),
      textArray(changes.map(({ to }) => to?.topic ?? null)),
      plainArray(changes.map(({ to }) => to?.partition ?? null)),
      plainArray(changes.map(({ to }) => to?.offset ?? null)),
      textArray(changes.map(({ code }) => code ?? null)),
      textArray(changes.map(({ reason }) => reason ?? null)),
      redriveId,
      textArray(changes.map(({ to }) => to?.topicId ?? null)),
    ],
  });
  return new Set(rows.map(({ dlqId }) => dlqId));
}

function transitionsOf(outcome: RedriveOutcome): Transition[] {
  return [
    ...outcome.published.map((each): Transition => ({ ...each, state: 'redriven' })),
    ...outcome.requested.map((each): Transition => ({ ...each, state: 'redriven' })),
    ...outcome.refused.map(({ dlqId, attempts }): Transition => {
      return { dlqId, attempts, state: stateOfFailure(attempts) };
    }),
    ...outcome.returned.map((each): Transition => {
      return { ...each, state: stateOfFailure(each.attempts + 1), addedAttempts: 1 };
    }),
    ...outcome.filtered.map(({ dlqId, attempts }): Transition => ({ dlqId, attempts, state: 'resolved' })),
    ...outcome.obsolete.map(({ dlqId, attempts }): Transition => ({ dlqId, attempts, state: 'obsolete' })),
  ];
}

/** Moves the rows from the rejected rows of their files to those filtered out. The caller holds the locks of their keys. */
export async function countAsFiltered(client: PoolClient, fileIds: readonly string[]): Promise<void> {
  await client.query(
    `update ingested_file as file set rejected = rejected - moved.count, filtered_out = filtered_out + moved.count
     from (select file_id, count(*)::integer as count from unnest($1::bigint[]) as file_id group by file_id) as moved
     where file.file_id = moved.file_id and end_recorded and rejected >= moved.count`,
    [fileIds],
  );
}

/** Adds the refusals of a batch to those of the redrive before. */
export function mergeRefusals(
  known: readonly RedriveRefusal[],
  refused: RedriveOutcome['refused'],
): readonly RedriveRefusal[] {
  const merged = new Map(known.map((refusal) => [`${refusal.code} ${refusal.reason}`, refusal]));
  for (const { dlqId, refusal } of refused) {
    const name = `${refusal.code} ${refusal.reason}`;
    const { count = 0, ids = [] } = merged.get(name) ?? {};
    merged.set(name, {
      ...{ code: refusal.code, reason: refusal.reason, count: count + 1 },
      ids: ids.length < NAMED_PER_REFUSAL ? [...ids, dlqId] : ids,
    });
  }
  return [...merged.values()];
}
