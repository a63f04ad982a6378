import kafkajs, { type Cluster, type PartitionAssigner, type GroupMember as SubscribedMember } from 'kafkajs';
import type { Assignment, Assignor, GroupMember } from './group-member.ts';
import { assignRanges } from './range.ts';
import { assignRoundRobin } from './round-robin.ts';
import { assignCooperatively, assignSticky } from './sticky.ts';
import {
  cooperativePartitions,
  type PreviousPartitions,
  readSubscription,
  type Subscription,
  stickyPartitions,
} from './subscription.ts';

const { AssignerProtocol, PartitionAssigners } = kafkajs;

/** The first version with a list of owned partitions. As leader of cooperative-sticky, librdkafka 2.16 crashes without one. */
const SUBSCRIPTION_VERSION = 1;
const NO_OWNED_PARTITIONS = Buffer.alloc(4);
const ASSIGNMENT_VERSION = 0;
const NO_USER_DATA = Buffer.alloc(0);
/** The broker's answers for topics that this member cannot see. */
const REFUSED = new Set(['UNKNOWN_TOPIC_OR_PARTITION', 'INVALID_TOPIC_EXCEPTION', 'TOPIC_AUTHORIZATION_FAILED']);

/**
 * The assignors that a mapping offers to its group, as Java names them, and kafkajs' own one. The broker chooses one that
 * all members offer, so the mapping shares its group with consumers of Java, librdkafka and kafkajs, whoever is first.
 *
 * kafkajs cannot keep partitions over a rebalance, so the mapping joins without any: before each join its batches in
 * flight end and are committed. Java calls that an eager member, which `cooperative-sticky` allows.
 *
 * kafkajs' assignor is the first one, because a group of mappings only then takes what their earlier versions offer.
 */
export function partitionAssigners(): [PartitionAssigner, ...PartitionAssigner[]] {
  return [
    PartitionAssigners.roundRobin,
    partitionAssigner('range', assignRanges),
    partitionAssigner('roundrobin', assignRoundRobin),
    partitionAssigner('sticky', assignSticky, stickyPartitions),
    partitionAssigner('cooperative-sticky', assignCooperatively, cooperativePartitions),
  ];
}

function partitionAssigner(
  name: string,
  assign: Assignor,
  previousPartitions: (subscription: Subscription) => PreviousPartitions = cooperativePartitions,
): PartitionAssigner {
  return ({ cluster }) => ({
    name,
    version: ASSIGNMENT_VERSION,
    protocol: ({ topics }) => ({ name, metadata: encodeSubscription(topics) }),
    async assign({ members }) {
      const group = members.map((member) => readMember(member, previousPartitions));
      const topics = new Set(group.flatMap((member) => member.topics));
      return encodeAssignment(assign(group, await findPartitions(cluster, topics)));
    },
  });
}

function encodeSubscription(topics: string[]): Buffer {
  const subscription = { version: SUBSCRIPTION_VERSION, topics, userData: NO_USER_DATA };
  return Buffer.concat([AssignerProtocol.MemberMetadata.encode(subscription), NO_OWNED_PARTITIONS]);
}

/** kafkajs does not declare the instance id, which the broker sends for static members. */
function readMember(
  member: SubscribedMember & { readonly groupInstanceId?: string | null },
  previousPartitions: (subscription: Subscription) => PreviousPartitions,
): GroupMember {
  const subscription = readSubscription(member.memberMetadata);
  return {
    memberId: member.memberId,
    ...(member.groupInstanceId != null && { instanceId: member.groupInstanceId }),
    topics: subscription.topics,
    ...previousPartitions(subscription),
  };
}

/** Another member may subscribe to topics that this one does not know. Java leaves out those that do not exist as well. */
async function findPartitions(cluster: Cluster, topics: ReadonlySet<string>): Promise<Map<string, number[]>> {
  const partitions = new Map<string, number[]>();
  for (const topic of topics) {
    await addTopic(cluster, topic);
    const found = cluster.findTopicPartitionMetadata(topic).map(({ partitionId }) => partitionId);
    if (found.length > 0) partitions.set(topic, found);
  }
  return partitions;
}

async function addTopic(cluster: Cluster, topic: string): Promise<void> {
  try {
    await cluster.addTargetTopic(topic);
  } catch (error) {
    // kafkajs has removed the topic again. After any other error the group must be joined again, with all topics.
    if (!REFUSED.has((error as { type?: string }).type ?? '')) throw error;
  }
}

/** Each member gets an assignment, also an empty one, because a consumer of Java fails without. */
function encodeAssignment(assignment: Assignment): { memberId: string; memberAssignment: Buffer }[] {
  return [...assignment].map(([memberId, partitions]) => {
    const byTopic: Record<string, number[]> = {};
    for (const { topic, partition } of partitions) {
      byTopic[topic] ??= [];
      byTopic[topic].push(partition);
    }
    const memberAssignment = { version: ASSIGNMENT_VERSION, assignment: byTopic, userData: NO_USER_DATA };
    return { memberId, memberAssignment: AssignerProtocol.MemberAssignment.encode(memberAssignment) };
  });
}
