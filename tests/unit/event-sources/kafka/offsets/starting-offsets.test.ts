import { committedStartingOffsets } from '../../../../../localstack/event-sources/kafka/offsets/starting-offsets.ts';
import type { StartingPosition } from '../../../../../localstack/event-sources/model/kafka-mapping.ts';
import { FakeGroup } from '../fake-group.ts';

const LATEST: StartingPosition = { type: 'LATEST' };

async function startingOffsets(group: FakeGroup, position: StartingPosition) {
  return Object.fromEntries(await committedStartingOffsets(group, 't', position));
}

test.each<[string, StartingPosition, Record<number, number>]>([
  ['TRIM_HORIZON: the oldest records', { type: 'TRIM_HORIZON' }, { 0: 3, 1: 0 }],
  ['LATEST: the ends', LATEST, { 0: 10, 1: 4 }],
  ['AT_TIMESTAMP after the last record: the ends', { type: 'AT_TIMESTAMP', timestampMs: 1 }, { 0: 10, 1: 4 }],
])(
  '[documented] a new group starts at its starting position, which is committed: %s',
  async (_name, position, offsets) => {
    const group = new FakeGroup({ 0: 3, 1: 0 }, { 0: 10, 1: 4 });
    expect(await startingOffsets(group, position)).toEqual(offsets);
    expect(group.commits).toEqual([offsets]);
  },
);

test('[documented] committed offsets count, whatever the starting position is', async () => {
  const group = new FakeGroup({ 0: 3 }, { 0: 10 });
  group.committed.set(0, 7);
  expect(await startingOffsets(group, LATEST)).toEqual({ 0: 7 });
  expect(group.commits).toEqual([]);
});

test('[inferred] a partition that was added later starts at its oldest record', async () => {
  const group = new FakeGroup({ 0: 3, 1: 2 }, { 0: 10, 1: 4 });
  group.committed.set(0, 7);
  expect(await startingOffsets(group, LATEST)).toEqual({ 0: 7, 1: 2 });
  expect(group.commits).toEqual([{ 1: 2 }]);
});

test.each([
  ['that the broker dropped', 1],
  ['that kafkajs replaced by EARLIEST', -2],
])(
  '[inferred] a committed offset %s continues at the oldest record, in a group of one partition as well',
  async (_name, offset) => {
    const group = new FakeGroup({ 0: 3 }, { 0: 10 });
    group.committed.set(0, offset);
    expect(await startingOffsets(group, LATEST)).toEqual({ 0: 3 });
    expect(group.commits).toEqual([{ 0: 3 }]);
  },
);

describe('Of partitions that another member has', () => {
  function groupWithOther(committed: Record<number, number>, assigned: number[]): FakeGroup {
    const group = new FakeGroup({ 0: 3, 1: 2, 2: 5 }, { 0: 10, 1: 4, 2: 9 });
    for (const [partition, offset] of Object.entries(committed)) group.committed.set(Number(partition), offset);
    group.assignedPartitions = assigned;
    return group;
  }

  test('[documented] a new group gets its starting position committed, for a later owner', async () => {
    const group = groupWithOther({}, [0]);
    await startingOffsets(group, LATEST);
    expect(group.commits).toEqual([{ 0: 10, 1: 4, 2: 9 }]);
  });

  test('[inferred] nothing is committed otherwise, because their owner may be ahead', async () => {
    const group = groupWithOther({ 0: 7 }, [0, 1]);
    expect(await startingOffsets(group, LATEST)).toMatchObject({ 0: 7, 1: 2 });
    expect(group.commits).toEqual([{ 1: 2 }]);
  });

  test('[inferred] a member without partitions commits nothing', async () => {
    const group = groupWithOther({}, []);
    await startingOffsets(group, LATEST);
    expect(group.commits).toEqual([]);
  });
});
