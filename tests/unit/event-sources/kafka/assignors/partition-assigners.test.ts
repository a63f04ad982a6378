import kafkajs, { type Cluster, type Logger } from 'kafkajs';
import { partitionAssigners } from '../../../../../localstack/event-sources/kafka/assignors/partition-assigners.ts';
import { readSubscription } from '../../../../../localstack/event-sources/kafka/assignors/subscription.ts';

const { MemberMetadata, MemberAssignment } = kafkajs.AssignerProtocol;

/** A cluster whose topics have as many partitions. `refusal` is its answer for any other topic. */
function createAssigners(counts: Readonly<Record<string, number>>, refusal = 'UNKNOWN_TOPIC_OR_PARTITION') {
  const targets = new Set<string>();
  const cluster = {
    addTargetTopic: async (topic: string) => {
      if (counts[topic] === undefined) throw Object.assign(new Error('refused'), { type: refusal });
      targets.add(topic);
    },
    findTopicPartitionMetadata: (topic: string) =>
      Array.from({ length: targets.has(topic) ? (counts[topic] ?? 0) : 0 }, (_, partitionId) => ({ partitionId })),
  } as unknown as Cluster;
  return partitionAssigners().map((create) => create({ cluster, groupId: 'g', logger: {} as Logger }));
}

function assigner(name: string, counts: Readonly<Record<string, number>>, refusal?: string) {
  const found = createAssigners(counts, refusal).find((one) => one.name === name);
  if (found === undefined) throw new Error(`no assigner ${name}`);
  return found;
}

type Members = Parameters<ReturnType<typeof assigner>['assign']>[0]['members'];

async function assign(
  name: string,
  members: Members,
  counts: Readonly<Record<string, number>>,
  refusal?: string,
): Promise<Record<string, unknown>> {
  const assignment = await assigner(name, counts, refusal).assign({ members, topics: ['t'] });
  return Object.fromEntries(
    assignment.map(({ memberId, memberAssignment }) => [
      memberId,
      MemberAssignment.decode(memberAssignment)?.assignment,
    ]),
  );
}

const subscription = (...topics: string[]) => MemberMetadata.encode({ version: 0, topics, userData: Buffer.alloc(0) });

test('[known] what Java, librdkafka and kafkajs offer: each of their default and single assignors is among them', () => {
  expect(createAssigners({}).map(({ name }) => name)).toEqual([
    'RoundRobinAssigner',
    'range',
    'roundrobin',
    'sticky',
    'cooperative-sticky',
  ]);
});

test.each(['range', 'roundrobin', 'sticky', 'cooperative-sticky'])(
  '[known] %s: the subscription has an empty list of partitions, because all were given up before the join',
  (name) => {
    const { metadata } = assigner(name, {}).protocol({ topics: ['t', 'u'] });
    expect(readSubscription(metadata)).toEqual({ topics: ['t', 'u'], userData: Buffer.alloc(0), owned: [] });
    const withoutList = MemberMetadata.encode({ version: 1, topics: ['t', 'u'], userData: Buffer.alloc(0) });
    expect(metadata).toEqual(Buffer.concat([withoutList, Buffer.from([0, 0, 0, 0])]));
  },
);

/** As Java's `cooperative-sticky` of kafka-clients 4.3.1 writes it: topic t, partitions 0 to 2 of generation 7, no rack. */
const JAVA_COOPERATIVE = Buffer.from(
  '0003000000010001740000000400000007000000010001740000000300000000000000010000000200000007ffff',
  'hex',
);
/** As its `sticky` writes it, with the same in the user data. */
const JAVA_STICKY = Buffer.from(
  '0003000000010001740000001b0000000100017400000003000000000000000100000002000000070000000000000007ffff',
  'hex',
);

test('[known] cooperative-sticky: a consumer of Java is asked to revoke before its partitions have a new owner', async () => {
  const members = [
    { memberId: 'java', memberMetadata: JAVA_COOPERATIVE },
    { memberId: 'mapping', memberMetadata: subscription('t') },
  ];
  expect(await assign('cooperative-sticky', members, { t: 3 })).toEqual({ java: { t: [0, 1] }, mapping: {} });
});

test('[known] sticky: a consumer of Java keeps partitions that it had, which are in its user data', async () => {
  const members = [
    { memberId: 'a-mapping', memberMetadata: subscription('t') },
    { memberId: 'java', memberMetadata: JAVA_STICKY },
  ];
  expect(await assign('sticky', members, { t: 3 })).toEqual({ java: { t: [0, 1] }, 'a-mapping': { t: [2] } });
});

test('[known] sticky: user data of another kind is ignored', async () => {
  const userData = Buffer.from('something else');
  const memberMetadata = MemberMetadata.encode({ version: 0, topics: ['t'], userData });
  expect(await assign('sticky', [{ memberId: 'a', memberMetadata }], { t: 2 })).toEqual({ a: { t: [0, 1] } });
});

test('[known] topics that only another member subscribes to are assigned to it', async () => {
  const members = [
    { memberId: 'a', memberMetadata: subscription('t') },
    { memberId: 'b', memberMetadata: subscription('t', 'other', 'gone') },
  ];
  expect(await assign('range', members, { t: 2, other: 2 })).toEqual({ a: { t: [0] }, b: { t: [1], other: [0, 1] } });
});

test('[known] an error that is no refusal of the topic fails the assignment, so that the group is joined again', async () => {
  const members = [{ memberId: 'b', memberMetadata: subscription('t', 'other') }];
  await expect(assign('range', members, { t: 2 }, 'LEADER_NOT_AVAILABLE')).rejects.toThrow('refused');
});

test('[known] static members, whose id kafkajs passes on, come first', async () => {
  const members = [
    { memberId: 'a', memberMetadata: subscription('t'), groupInstanceId: null },
    { memberId: 'b', memberMetadata: subscription('t'), groupInstanceId: 'one' },
  ];
  expect(await assign('range', members, { t: 3 })).toEqual({ b: { t: [0, 1] }, a: { t: [2] } });
});
