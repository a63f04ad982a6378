import type {
  Assignment,
  Assignor,
  GroupMember,
  TopicPartition,
  TopicPartitions,
} from '../../../../../localstack/event-sources/kafka/assignors/group-member.ts';

export function member(memberId: string, topics: string, properties: Partial<GroupMember> = {}): GroupMember {
  return { memberId, topics: topics.split(' '), owned: [], generation: -1, ...properties };
}

/** Topics with their numbers of partitions. */
export function topics(counts: Readonly<Record<string, number>>): TopicPartitions {
  return new Map(
    Object.entries(counts).map(([topic, count]) => [topic, Array.from({ length: count }, (_, index) => index)]),
  );
}

/** `t0-1 t1-0` for partition 1 of t0 and partition 0 of t1. */
export function owned(text: string): TopicPartition[] {
  return text.split(' ').map((name) => {
    const dash = name.lastIndexOf('-');
    return { topic: name.slice(0, dash), partition: Number(name.slice(dash + 1)) };
  });
}

/** The opposite of `owned`, for each member. */
export function shares(assignment: Assignment): Record<string, string> {
  return Object.fromEntries(
    [...assignment].map(([memberId, partitions]) => [
      memberId,
      partitions
        .map(({ topic, partition }) => `${topic}-${partition}`)
        .sort()
        .join(' '),
    ]),
  );
}

/** A later rebalance of the same members, each of which owns what it was assigned. */
export function assignAgain(
  assign: Assignor,
  members: readonly GroupMember[],
  assignment: Assignment,
  partitions: TopicPartitions,
): Assignment {
  const generation = Math.max(...members.map((member) => member.generation)) + 1;
  return assign(
    members.map((member) => ({ ...member, owned: assignment.get(member.memberId) ?? [], generation })),
    partitions,
  );
}
