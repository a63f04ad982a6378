import {
  type Assignment,
  type GroupMember,
  inJavaOrder,
  sortedPartitions,
  type TopicPartition,
  type TopicPartitions,
} from './group-member.ts';

/** Java's RoundRobinAssignor: the partitions of all topics go to the members in turn, skipping those without the topic. */
export function assignRoundRobin(members: readonly GroupMember[], partitions: TopicPartitions): Assignment {
  const assignment = new Map<string, TopicPartition[]>(members.map(({ memberId }) => [memberId, []]));
  const ordered = inJavaOrder(members);
  let turn = 0;
  for (const partition of sortedPartitions(partitions)) {
    // A topic is in the map because at least one member subscribes to it.
    while (!ordered[turn % ordered.length]?.topics.includes(partition.topic)) turn += 1;
    assignment.get(ordered[turn % ordered.length]?.memberId ?? '')?.push(partition);
    turn += 1;
  }
  return assignment;
}
