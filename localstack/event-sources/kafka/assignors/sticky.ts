import {
  type Assignment,
  type GroupMember,
  inJavaOrder,
  sortedPartitions,
  type TopicPartition,
  type TopicPartitions,
} from './group-member.ts';

interface Share {
  readonly member: GroupMember;
  readonly partitions: TopicPartition[];
}

/**
 * Keeps to the rules of Java's StickyAssignor. The assignment is balanced: a member with two or more partitions less than
 * another one cannot take over any of those, because it does not subscribe to their topics. Within that, partitions stay
 * with their owners.
 */
export function assignSticky(members: readonly GroupMember[], partitions: TopicPartitions): Assignment {
  const shares = inJavaOrder(members).map((member): Share => ({ member, partitions: [] }));
  const owners = new Owners(members);
  const unowned: TopicPartition[] = [];
  for (const partition of sortedPartitions(partitions)) {
    const owner = owners.ownerOf(partition);
    const share = shares.find(({ member }) => member === owner);
    if (share !== undefined && canTake(share, partition)) share.partitions.push(partition);
    else unowned.push(partition);
  }
  // Those with few candidates first, so that the others can even out.
  const candidates = (partition: TopicPartition) => shares.filter((share) => canTake(share, partition));
  for (const partition of unowned.toSorted((a, b) => candidates(a).length - candidates(b).length)) {
    smallest(candidates(partition))?.partitions.push(partition);
  }
  // Those without an owner move first, so that as few as possible are taken from their owners.
  const isUnowned = new Set(unowned);
  balance(shares, (partition) => isUnowned.has(partition));
  balance(shares, () => true);
  return new Map(shares.map(({ member, partitions }) => [member.memberId, partitions]));
}

/**
 * Java's CooperativeStickyAssignor: as `assignSticky`, but a partition that moves is assigned to no member as long as
 * another one owns it. That one revokes it and joins again, and then the partition is assigned to its new owner.
 */
export function assignCooperatively(members: readonly GroupMember[], partitions: TopicPartitions): Assignment {
  const owners = new Owners(members);
  return new Map(
    [...assignSticky(members, partitions)].map(([memberId, assigned]) => [
      memberId,
      assigned.filter((partition) => owners.mayBeGivenTo(memberId, partition)),
    ]),
  );
}

/** Who owned which partition before this rebalance, as the members claim. */
class Owners {
  readonly #claims = new Map<string, GroupMember[]>();

  constructor(members: readonly GroupMember[]) {
    for (const member of members) {
      for (const partition of member.owned) {
        const claims = this.#claims.get(claimKeyOf(partition));
        if (claims === undefined) this.#claims.set(claimKeyOf(partition), [member]);
        else claims.push(member);
      }
    }
  }

  /**
   * The claim of the latest generation counts, because its member knows the latest assignment. If two members claim the
   * partition for that generation, it has no owner.
   */
  ownerOf(partition: TopicPartition): GroupMember | undefined {
    const claims = this.#claims.get(claimKeyOf(partition)) ?? [];
    const latest = Math.max(...claims.map(({ generation }) => generation));
    const [owner, other] = claims.filter(({ generation }) => generation === latest);
    return other === undefined ? owner : undefined;
  }

  mayBeGivenTo(memberId: string, partition: TopicPartition): boolean {
    if (this.ownerOf(partition)?.memberId === memberId) return true;
    return (this.#claims.get(claimKeyOf(partition)) ?? []).every((claim) => claim.memberId === memberId);
  }
}

function claimKeyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}

function canTake({ member }: Share, { topic }: TopicPartition): boolean {
  return member.topics.includes(topic);
}

function smallest(shares: readonly Share[]): Share | undefined {
  const least = Math.min(...shares.map(({ partitions }) => partitions.length));
  return shares.find(({ partitions }) => partitions.length === least);
}

function balance(shares: readonly Share[], mayMove: (partition: TopicPartition) => boolean): void {
  let isBalanced = false;
  while (!isBalanced) isBalanced = !moveOne(shares, mayMove);
}

/** Moves a partition from a large share to a small one. False: no partition that may move makes them more equal. */
function moveOne(shares: readonly Share[], mayMove: (partition: TopicPartition) => boolean): boolean {
  const bySize = shares.toSorted((a, b) => a.partitions.length - b.partitions.length);
  for (const small of bySize) {
    for (const large of bySize.toReversed()) {
      if (large.partitions.length - small.partitions.length < 2) break;
      const index = large.partitions.findLastIndex((partition) => mayMove(partition) && canTake(small, partition));
      if (index < 0) continue;
      small.partitions.push(...large.partitions.splice(index, 1));
      return true;
    }
  }
  return false;
}
