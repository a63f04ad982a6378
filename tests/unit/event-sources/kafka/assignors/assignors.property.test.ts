import fc from 'fast-check';
import type {
  Assignment,
  Assignor,
  GroupMember,
  TopicPartition,
  TopicPartitions,
} from '../../../../../localstack/event-sources/kafka/assignors/group-member.ts';
import { assignRanges } from '../../../../../localstack/event-sources/kafka/assignors/range.ts';
import { assignRoundRobin } from '../../../../../localstack/event-sources/kafka/assignors/round-robin.ts';
import { assignCooperatively, assignSticky } from '../../../../../localstack/event-sources/kafka/assignors/sticky.ts';
import { propertyRuns } from '../../../../support/property-runs.ts';
import { assignAgain, member, shares, topics } from './group.ts';

const NAMES = ['t0', 't1', 't2'];

/** Topics with their partitions, and members that subscribe to some of them and own nothing. */
const groups = fc
  .record({
    counts: fc.dictionary(fc.constantFrom(...NAMES), fc.integer({ min: 1, max: 9 }), { minKeys: 1 }),
    subscriptions: fc.array(fc.uniqueArray(fc.constantFrom(...NAMES), { minLength: 1 }), {
      minLength: 1,
      maxLength: 5,
    }),
  })
  .map(({ counts, subscriptions }) => {
    const members = subscriptions.map((names, index) => member(`m${index}`, names.join(' ')));
    const known = Object.entries(counts).filter(([name]) => members.some((one) => one.topics.includes(name)));
    return { members, partitions: topics(Object.fromEntries(known)) };
  });

function everyPartitionOnce(
  members: readonly GroupMember[],
  partitions: TopicPartitions,
  assignment: Assignment,
): void {
  expect([...assignment.keys()].sort()).toEqual(members.map(({ memberId }) => memberId).sort());
  const assigned = [...assignment.values()].flat().map(({ topic, partition }) => `${topic}-${partition}`);
  const all = [...partitions].flatMap(([topic, numbers]) => numbers.map((partition) => `${topic}-${partition}`));
  expect(assigned.sort()).toEqual(all.sort());
  for (const { memberId, topics } of members) {
    for (const { topic } of assignment.get(memberId) ?? []) expect(topics).toContain(topic);
  }
}

test.each<[string, Assignor]>([
  ['range', assignRanges],
  ['roundrobin', assignRoundRobin],
  ['sticky', assignSticky],
  ['cooperative-sticky', assignCooperatively],
])('[known] %s: in a group without owners each partition goes to exactly one of its subscribers', (_name, assign) => {
  fc.assert(
    fc.property(groups, ({ members, partitions }) => {
      everyPartitionOnce(members, partitions, assign(members, partitions));
    }),
    { numRuns: propertyRuns(300) },
  );
});

test('[known] sticky: no member has two partitions less than another one that could give it one', () => {
  fc.assert(
    fc.property(groups, groups, (before, { members, partitions }) => {
      const assignment = assignAgain(
        assignSticky,
        members,
        assignSticky(before.members, before.partitions),
        partitions,
      );
      everyPartitionOnce(members, partitions, assignment);
      for (const small of members) {
        for (const large of members) {
          const [own = [], others = []] = [assignment.get(small.memberId), assignment.get(large.memberId)];
          if (others.length - own.length < 2) continue;
          expect(others.filter(({ topic }) => small.topics.includes(topic))).toEqual([]);
        }
      }
    }),
    { numRuns: propertyRuns(300) },
  );
});

test('[known] sticky: nothing moves while the group stays as it is', () => {
  fc.assert(
    fc.property(groups, ({ members, partitions }) => {
      const assignment = assignSticky(members, partitions);
      expect(shares(assignAgain(assignSticky, members, assignment, partitions))).toEqual(shares(assignment));
    }),
    { numRuns: propertyRuns(300) },
  );
});

/** More than Java's members need, which join again as long as they had to revoke a partition. */
const MAX_ROUNDS = 5;

const nameOf = ({ topic, partition }: TopicPartition) => `${topic}-${partition}`;
const countPartitions = (assignment: Assignment) => [...assignment.values()].flat().length;

test('[known] cooperative-sticky: no partition has a new owner while the old one has it, and in the end each has one', () => {
  fc.assert(
    fc.property(groups, groups, (before, { members, partitions }) => {
      let owners = assignSticky(before.members, before.partitions);
      const total = [...partitions.values()].flat().length;
      for (let round = 1; round === 1 || countPartitions(owners) < total; round++) {
        expect(round).toBeLessThanOrEqual(MAX_ROUNDS);
        const assignment = assignAgain(assignCooperatively, members, owners, partitions);
        for (const { memberId } of members) {
          const owned = (owners.get(memberId) ?? []).map(nameOf);
          for (const [other, assigned] of assignment) {
            if (other !== memberId) expect(owned.filter((name) => assigned.map(nameOf).includes(name))).toEqual([]);
          }
        }
        owners = assignment;
      }
      everyPartitionOnce(members, partitions, owners);
    }),
    { numRuns: propertyRuns(300) },
  );
});

test('[known] cooperative-sticky: where all members have the same topics, the second round is the last one', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 20 }),
      fc.integer({ min: 0, max: 5 }),
      fc.integer({ min: 1, max: 6 }),
      (count, old, now) => {
        const partitions = topics({ t: count });
        const membersOf = (length: number) => Array.from({ length }, (_, index) => member(`m${index}`, 't'));
        const members = membersOf(now);
        const first = assignAgain(assignCooperatively, members, assignSticky(membersOf(old), partitions), partitions);
        const second = assignAgain(assignCooperatively, members, first, partitions);
        everyPartitionOnce(members, partitions, second);
        const sizes = [...second.values()].map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      },
    ),
    { numRuns: propertyRuns(300) },
  );
});
