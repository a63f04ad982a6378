import type { JoinedGroup } from './kafkajs-internals.ts';
import type { StartingPosition } from './mapping.ts';

/**
 * The committed offset of each partition of the topic. Where the group has none yet, the starting position is looked up
 * and committed at once, for every partition: a group that started at LATEST and died before its first commit would
 * otherwise start at a later LATEST and lose what came in between.
 * Partitions that a topic gains later start at their beginning, so that nothing of them is missed.
 */
export async function committedOffsets(
  group: JoinedGroup,
  topic: string,
  startingPosition: StartingPosition,
): Promise<Map<number, number>> {
  const partitions = group.cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
  const { responses } = await group.coordinator.offsetFetch({
    groupId: group.groupId,
    topics: [{ topic, partitions: partitions.map((partition) => ({ partition })) }],
  });
  const committed = new Map<number, number>();
  for (const response of responses) {
    for (const { partition, offset } of response.partitions) {
      if (Number(offset) >= 0) committed.set(partition, Number(offset));
    }
  }
  const missing = partitions.filter((partition) => !committed.has(partition));
  if (missing.length === 0) return committed;
  const position: StartingPosition = committed.size > 0 ? { type: 'TRIM_HORIZON' } : startingPosition;
  const offsets = await lookUp(group, topic, missing, position);
  await group.commitOffsets({
    topics: [{ topic, partitions: [...offsets].map(([partition, offset]) => ({ partition, offset: String(offset) })) }],
  });
  return new Map([...committed, ...offsets]);
}

async function lookUp(
  group: JoinedGroup,
  topic: string,
  partitions: readonly number[],
  position: StartingPosition,
): Promise<Map<number, number>> {
  const wanted = { topic, partitions: partitions.map((partition) => ({ partition })) };
  const at = position.type === 'AT_TIMESTAMP' ? { fromTimestamp: position.timestampMs } : undefined;
  const fromBeginning = position.type === 'TRIM_HORIZON';
  const offsets = await fetchOffsets(group, at === undefined ? { ...wanted, fromBeginning } : { ...wanted, ...at });
  const later = [...offsets].filter(([, offset]) => offset < 0).map(([partition]) => partition);
  if (later.length === 0) return offsets;
  // No record is as young as the timestamp: the first one that comes will be.
  const ends = await fetchOffsets(group, {
    topic,
    partitions: later.map((partition) => ({ partition })),
    fromBeginning: false,
  });
  return new Map([...offsets, ...ends]);
}

async function fetchOffsets(
  group: JoinedGroup,
  request: Parameters<JoinedGroup['cluster']['fetchTopicsOffset']>[0][number],
): Promise<Map<number, number>> {
  const [answer] = await group.cluster.fetchTopicsOffset([request]);
  return new Map((answer?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)]));
}
