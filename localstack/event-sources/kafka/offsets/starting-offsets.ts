import type { StartingPosition } from '../../model/kafka-mapping.ts';
import type { ConsumerGroup } from '../consumer/consumer-group.ts';

/** kafkajs commits this where the committed offset was out of range; a fetch then starts at the oldest record. */
const EARLIEST = -2;

/**
 * The offset of each partition of the topic at which the group continues, which is committed when this resolves.
 *
 * - A committed offset counts, whatever the starting position is.
 * - A group without any committed offset starts at the starting position. It is committed at once, for every partition:
 *   a group that starts at LATEST and ends before its first commit would otherwise start at a later LATEST.
 * - Partitions that were added later start at their oldest record, so that no record is missed.
 * - A committed offset that the broker no longer has continues at the oldest record.
 *
 * Otherwise nothing is committed for the partitions of other members: their owner may be ahead by now, and a member without
 * partitions decides nothing for the group.
 */
export async function committedStartingOffsets(
  group: ConsumerGroup,
  topic: string,
  startingPosition: StartingPosition,
): Promise<Map<number, number>> {
  const partitions = group.cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
  const committed = await fetchCommittedOffsets(group, topic, partitions);
  const isUncommitted = (partition: number) => {
    const offset = committed.get(partition) ?? -1;
    return offset < 0 && offset !== EARLIEST;
  };
  const uncommitted = partitions.filter(isUncommitted);
  const oldest = await lookUpOffsets(group, topic, partitions, { type: 'TRIM_HORIZON' });
  const isNewGroup = uncommitted.length === partitions.length;
  const starting = isNewGroup ? await lookUpOffsets(group, topic, uncommitted, startingPosition) : oldest;
  const offsets = new Map(
    partitions.map((partition) => {
      const offset = isUncommitted(partition) ? starting.get(partition) : committed.get(partition);
      return [partition, Math.max(offset ?? 0, oldest.get(partition) ?? 0)];
    }),
  );
  const own = new Set(group.assigned().flatMap((assigned) => (assigned.topic === topic ? assigned.partitions : [])));
  const changed = [...offsets].filter(
    ([partition, offset]) =>
      offset !== committed.get(partition) && (own.has(partition) || (isNewGroup && own.size > 0)),
  );
  if (changed.length > 0) {
    const changes = changed.map(([partition, offset]) => ({ partition, offset: String(offset) }));
    await group.commitOffsets({ topics: [{ topic, partitions: changes }] });
  }
  return offsets;
}

async function fetchCommittedOffsets(
  group: ConsumerGroup,
  topic: string,
  partitions: readonly number[],
): Promise<Map<number, number>> {
  const { responses } = await group.coordinator.offsetFetch({
    groupId: group.groupId,
    topics: [{ topic, partitions: partitions.map((partition) => ({ partition })) }],
  });
  return new Map(
    responses.flatMap((response) => response.partitions.map(({ partition, offset }) => [partition, Number(offset)])),
  );
}

async function lookUpOffsets(
  group: ConsumerGroup,
  topic: string,
  partitions: readonly number[],
  position: StartingPosition,
): Promise<Map<number, number>> {
  const wanted = { topic, partitions: partitions.map((partition) => ({ partition })) };
  if (position.type !== 'AT_TIMESTAMP') {
    return fetchOffsets(group, { ...wanted, fromBeginning: position.type === 'TRIM_HORIZON' });
  }
  const offsets = await fetchOffsets(group, { ...wanted, fromTimestamp: position.timestampMs });
  // No record at or after the timestamp yet, so start at the end of the partition.
  const withoutRecord = [...offsets].filter(([, offset]) => offset < 0).map(([partition]) => partition);
  if (withoutRecord.length === 0) return offsets;
  const ends = await lookUpOffsets(group, topic, withoutRecord, { type: 'LATEST' });
  return new Map([...offsets, ...ends]);
}

async function fetchOffsets(
  group: ConsumerGroup,
  request: Parameters<ConsumerGroup['cluster']['fetchTopicsOffset']>[0][number],
): Promise<Map<number, number>> {
  const [response] = await group.cluster.fetchTopicsOffset([request]);
  return new Map((response?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)]));
}
