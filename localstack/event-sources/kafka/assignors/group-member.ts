export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

/** A member of the consumer group, as the group's leader knows it. */
export interface GroupMember {
  readonly memberId: string;
  /** Absent: the member is not a static one. */
  readonly instanceId?: string;
  readonly topics: readonly string[];
  /** What it claims to own, or to have owned before this rebalance. */
  readonly owned: readonly TopicPartition[];
  /** The generation of the group in which it owned them; -1 if it does not say. */
  readonly generation: number;
}

/** The partitions of each member, by its id. It has every member, also those without a partition. */
export type Assignment = ReadonlyMap<string, readonly TopicPartition[]>;

/** The partitions of each topic that a member subscribes to. Topics that do not exist are missing. */
export type TopicPartitions = ReadonlyMap<string, readonly number[]>;

export type Assignor = (members: readonly GroupMember[], partitions: TopicPartitions) => Assignment;

/** Members in the order of Java's assignors: static members by their instance id, then the others by their member id. */
export function inJavaOrder(members: readonly GroupMember[]): GroupMember[] {
  return members.toSorted((a, b) => {
    if (a.instanceId !== undefined && b.instanceId !== undefined) return compare(a.instanceId, b.instanceId);
    if (a.instanceId !== undefined) return -1;
    if (b.instanceId !== undefined) return 1;
    return compare(a.memberId, b.memberId);
  });
}

/** All partitions, ordered by topic and number. */
export function sortedPartitions(partitions: TopicPartitions): TopicPartition[] {
  return [...partitions]
    .toSorted(([a], [b]) => compare(a, b))
    .flatMap(([topic, numbers]) => numbers.toSorted((a, b) => a - b).map((partition) => ({ topic, partition })));
}

/** As Java compares strings: by their UTF-16 code units. */
function compare(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
