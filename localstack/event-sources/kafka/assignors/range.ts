import {
  type Assignment,
  type GroupMember,
  inJavaOrder,
  type TopicPartition,
  type TopicPartitions,
} from './group-member.ts';

/**
 * Java's RangeAssignor: each topic is divided into ranges of consecutive partitions, one for each of its subscribers. The
 * first subscribers get one partition more where the number is not divisible. Racks are not considered.
 */
export function assignRanges(members: readonly GroupMember[], partitions: TopicPartitions): Assignment {
  const assignment = new Map<string, TopicPartition[]>(members.map(({ memberId }) => [memberId, []]));
  const ordered = inJavaOrder(members);
  for (const [topic, numbers] of partitions) {
    const subscribers = ordered.filter(({ topics }) => topics.includes(topic));
    const sorted = numbers.toSorted((a, b) => a - b);
    const least = Math.floor(sorted.length / subscribers.length);
    const withOneMore = sorted.length % subscribers.length;
    let start = 0;
    for (const [index, { memberId }] of subscribers.entries()) {
      const end = start + least + (index < withOneMore ? 1 : 0);
      for (const partition of sorted.slice(start, end)) assignment.get(memberId)?.push({ topic, partition });
      start = end;
    }
  }
  return assignment;
}
