import type { StartingPosition } from '../model/kafka-mapping.ts';
import type { JoinedGroup } from './kafkajs-internals.ts';

/** Where an offset was out of range, kafkajs commits this in its place, which says: from the oldest record. */
const FROM_THE_OLDEST = -2;

/**
 * The committed offset of each partition of the topic. Where the group has none yet, the starting position is looked up
 * and committed at once, for every partition: a group that started at LATEST and died before its first commit would
 * otherwise start at a later LATEST and lose what came in between.
 * Partitions that a topic gains later start at their beginning, so that nothing of them is missed; and so does one whose
 * committed offset the broker no longer has.
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
  const found = new Map(
    responses.flatMap((response) => response.partitions.map(({ partition, offset }) => [partition, Number(offset)])),
  );
  const isKnown = (partition: number) => (found.get(partition) ?? -1) >= 0 || found.get(partition) === FROM_THE_OLDEST;
  const missing = partitions.filter((partition) => !isKnown(partition));
  const oldest = await lookUp(group, topic, partitions, { type: 'TRIM_HORIZON' });
  const isNew = missing.length === partitions.length;
  const starts = isNew ? await lookUp(group, topic, missing, startingPosition) : oldest;
  const offsets = new Map(
    partitions.map((partition) => {
      const offset = missing.includes(partition) ? starts.get(partition) : found.get(partition);
      return [partition, Math.max(offset ?? 0, oldest.get(partition) ?? 0)];
    }),
  );
  const changed = [...offsets].filter(([partition, offset]) => offset !== found.get(partition));
  if (changed.length > 0) {
    const wanted = changed.map(([partition, offset]) => ({ partition, offset: String(offset) }));
    await group.commitOffsets({ topics: [{ topic, partitions: wanted }] });
  }
  return offsets;
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
