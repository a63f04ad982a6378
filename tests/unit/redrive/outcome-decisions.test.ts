import type { AwaitedOutcomes, RedriveOutcomes } from '../../../functions/ports/redrive-outcomes.ts';
import { OutcomeSettler } from '../../../functions/redrive/outcome-settler.ts';
import { InMemoryAppliedOffsets } from '../../support/cdc/in-memory-applied-offsets.ts';
import { InMemoryTopics } from '../../support/in-memory-topics.ts';

/** Offsets 2 to 4 of partition 0 are awaited; ten records are on the topic, and two dead letters. */
function createRig({ recordsOffsets = false, awaited = [awaitedOf()] } = {}) {
  const [topics, appliedOffsets] = [new InMemoryTopics(), new InMemoryAppliedOffsets()];
  for (const topic of ['t', 't.dead-letter']) topics.createTopic(topic, 2);
  topics.write('t', 0, 10);
  topics.write('t.dead-letter', 0, 1);
  topics.write('t.dead-letter', 1, 1);
  const decisions: unknown[][] = [];
  const outcomes: RedriveOutcomes = {
    findAwaited: async () => awaited,
    resolve: async (topic, partition, ranges) => decisions.push(['resolve', topic, partition, ...ranges.map(textOf)]),
    reopen: async (topic, partition, range) => decisions.push(['reopen', topic, partition, textOf(range)]),
    reopenUnloaded: async () => 0,
    reopenDeletedTopic: async (...args) => decisions.push(['reopenDeletedTopic', ...args]),
    resolveFiles: async () => 0,
    markObsolete: async () => 0,
    completeSettled: async () => {},
  };
  const settler = new OutcomeSettler({
    ...{ outcomes, inspector: topics, appliedOffsets },
    consumers: { t: { group: 'g', deadLetterGroup: 'i', recordsOffsets } },
  });
  return {
    ...{ topics, appliedOffsets, settler },
    commit: (offset: number) => topics.commitOffset('g', 't', 0, BigInt(offset)),
    index: (...offsets: readonly number[]) => {
      for (const [partition, offset] of offsets.entries()) {
        topics.commitOffset('i', 't.dead-letter', partition, BigInt(offset));
      }
    },
    settle: async () => {
      decisions.length = 0;
      await settler.settle();
      return decisions;
    },
  };
}

function awaitedOf(first = 2, next = 5, topic = 't'): AwaitedOutcomes {
  const offsets = { first: BigInt(first), next: BigInt(next) };
  return { topic, deadLetterTopic: `${topic}.dead-letter`, partition: 0, topicIds: [], offsets };
}
const textOf = ({ first, next }: { readonly first: bigint; readonly next: bigint }) => `${first}-${next}`;

describe('nothing is decided', () => {
  it('about a topic that no function consumes', async () => {
    expect(await createRig({ awaited: [awaitedOf(2, 5, 'other')] }).settle()).toEqual([]);
  });

  it('before the group has passed the first record', async () => {
    const { commit, index, settle } = createRig();
    index(1, 1);
    commit(2);
    expect(await settle()).toEqual([]);
    commit(3);
    expect(await settle()).toEqual([['resolve', 't', 0, '0-3']]);
  });

  it('before every partition of the dead letters is indexed', async () => {
    const { commit, index, settle } = createRig();
    commit(10);
    index(1, 0);
    expect(await settle()).toEqual([]);
    index(0, 1);
    expect(await settle()).toEqual([]);
    index(1, 1);
    expect(await settle()).toEqual([['resolve', 't', 0, '0-10']]);
  });

  it('about offsets that the target has not recorded, although the group has passed them', async () => {
    const { commit, index, settle } = createRig({ recordsOffsets: true });
    commit(10);
    index(1, 1);
    expect(await settle()).toEqual([]);
  });
});

it('decides about what the target has recorded below the offset of the group', async () => {
  const { commit, index, appliedOffsets, settle } = createRig({ recordsOffsets: true });
  commit(6);
  index(1, 1);
  const add = (first: number, next: number) =>
    appliedOffsets.add([{ topic: 't', partition: 0, first: BigInt(first), next: BigInt(next) }]);
  await add(0, 3);
  await add(4, 8);
  await add(9, 10);
  expect(await settle()).toEqual([['resolve', 't', 0, '0-3', '4-6']]);
});

it('does not wait for dead letters that have expired', async () => {
  const { topics, commit, index, settle } = createRig();
  topics.deleteRecords('t.dead-letter', 1, 1n);
  commit(10);
  index(1);
  expect(await settle()).toEqual([['resolve', 't', 0, '0-10']]);
});

it('looks at a dead-letter topic once, however many partitions are awaited', async () => {
  const { topics, settle } = createRig({ awaited: [awaitedOf(), awaitedOf(5, 7)] });
  const describeTopic = jest.spyOn(topics, 'describe');
  await settle();
  expect(describeTopic.mock.calls).toEqual([['t'], ['t.dead-letter']]);
});

describe('dead letters are opened again', () => {
  it('when they are beyond the end of the topic, and not when they are the last ones', async () => {
    const { topics, settle } = createRig();
    topics.truncate('t', 0, 5n);
    expect(await settle()).toEqual([]);
    topics.truncate('t', 0, 4n);
    expect(await settle()).toEqual([['reopen', 't', 0, '4-5']]);
  });

  it('when the topic has no such partition', async () => {
    const { topics, settle } = createRig();
    topics.deleteTopic('t');
    topics.createTopic('t', 0);
    expect(await settle()).toEqual([['reopen', 't', 0, '0-5']]);
  });

  it('when their records have expired before the group has read them, which is looked at once', async () => {
    const { topics, commit, settle } = createRig();
    topics.deleteRecords('t', 0, 3n);
    commit(3);
    expect(await settle()).toEqual([]);
    const { topics: others, commit: pass, settle: look } = createRig();
    others.deleteRecords('t', 0, 4n);
    pass(3);
    expect(await look()).toEqual([['reopen', 't', 0, '3-4']]);
    // The group may have passed them meanwhile, of which the observation of the first look knows nothing.
    others.deleteRecords('t', 0, 5n);
    expect(await look()).toEqual([]);
  });
});
