import type { PartitionOffsets } from './offset-range.ts';
import type { SnapshotReason } from './snapshot-reason.ts';
import type { TopicState } from './topic-state.ts';

/** The topic that the changes of a position were published to, and how far. */
export interface TopicPosition {
  readonly clusterId: string;
  readonly topicId: string;
  /** The offset after the last record that was acknowledged, by partition, as text; `null` where none was. */
  readonly nextOffsets: readonly (string | null)[];
}

/** The position in a topic to which nothing is known to be published. */
export function topicPositionOf({ clusterId, topicId, partitions }: TopicState): TopicPosition {
  return { clusterId, topicId, nextOffsets: partitions.map(() => null) };
}

/** Reads what may be a position in a topic; `undefined` for anything else, as in a position of an earlier version. */
export function readTopicPosition(value: unknown): TopicPosition | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { clusterId, topicId, nextOffsets } = value as Readonly<Record<string, unknown>>;
  const isOffset = (offset: unknown) => offset === null || (typeof offset === 'string' && /^\d+$/.test(offset));
  return typeof clusterId === 'string' &&
    typeof topicId === 'string' &&
    Array.isArray(nextOffsets) &&
    nextOffsets.every(isOffset)
    ? { clusterId, topicId, nextOffsets }
    : undefined;
}

/** The position after further records were acknowledged. */
export function advanceTopicPosition(
  position: TopicPosition,
  acknowledged: readonly PartitionOffsets[],
): TopicPosition {
  if (acknowledged.length === 0) return position;
  const nextOffsets = [...position.nextOffsets];
  for (const { partition, next } of acknowledged) {
    while (nextOffsets.length <= partition) nextOffsets.push(null);
    if (next > BigInt(nextOffsets[partition] ?? 0)) nextOffsets[partition] = String(next);
  }
  return { ...position, nextOffsets };
}

/**
 * Why records that were acknowledged may be lost, judged by what the topic is now; `null` when they are not.
 *
 * The topic must have been described after the records of the position were acknowledged.
 */
export function lossInTopic(topic: string, position: TopicPosition, found: TopicState): SnapshotReason | null {
  if (found.clusterId !== position.clusterId || found.topicId !== position.topicId) {
    return {
      code: 'PIPE_TOPIC_REPLACED',
      message:
        `the changes were published to topic ${topic} with id ${position.topicId} on Kafka cluster ` +
        `${position.clusterId}, but the topic now has id ${found.topicId} on cluster ${found.clusterId}: it was deleted ` +
        'and created again, or Kafka has lost its data, and records that were not applied are gone',
    };
  }
  const ends = found.partitions.map(({ endOffset }, partition) => ({ partition, offset: endOffset }));
  return lossAt(topic, position, ends, (offset) => `ends at offset ${offset}`);
}

/** Why records that were acknowledged are lost, judged by the offsets of records that were published after them. */
export function lossBefore(
  topic: string,
  position: TopicPosition,
  published: readonly PartitionOffsets[],
): SnapshotReason | null {
  const firsts = published.map(({ partition, first }) => ({ partition, offset: first }));
  return lossAt(topic, position, firsts, (offset) => `has given offset ${offset} to a new record`);
}

function lossAt(
  topic: string,
  { nextOffsets }: TopicPosition,
  found: readonly { readonly partition: number; readonly offset: bigint }[],
  describe: (offset: bigint) => string,
): SnapshotReason | null {
  const lost = found.find(({ partition, offset }) => offset < BigInt(nextOffsets[partition] ?? 0));
  if (lost === undefined) return null;
  return {
    code: 'PIPE_TOPIC_TRUNCATED',
    message:
      `Kafka had acknowledged the records of partition ${lost.partition} of topic ${topic} up to offset ` +
      `${nextOffsets[lost.partition]}, but the partition now ${describe(lost.offset)}: it has lost records, as after an ` +
      'unclean leader election or a restore of older data',
  };
}
