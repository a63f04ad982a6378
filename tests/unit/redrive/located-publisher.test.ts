import type { PartitionOffsets } from '../../../functions/core/offset-range.ts';
import { LocatedPublisher } from '../../../functions/redrive/located-publisher.ts';

const at = (partition: number) => ({ key: null, value: 'v', partition });
const written = (partition: number, first: number, next: number): PartitionOffsets => ({
  ...{ topic: 't', partition, first: BigInt(first), next: BigInt(next) },
});
const inspector = {
  describe: async () => ({
    ...{ clusterId: 'c', topicId: 't' },
    partitions: [
      { startOffset: 0n, endOffset: 100n },
      { startOffset: 0n, endOffset: 200n },
    ],
  }),
  committedOffsets: async () => [],
  hasRecords: async () => true,
};
const publish = async (offsets: readonly PartitionOffsets[], ...partitions: readonly number[]) => {
  const publisher = new LocatedPublisher({ publish: async () => offsets }, inspector);
  const positions = await publisher.publish('t', partitions.map(at));
  return positions.map(({ partition, offset }) => [partition, Number(offset)]);
};

it('finds each record by the offsets of its partition, also of several batches', async () => {
  const offsets = [written(1, 50, 51), written(0, 8, 9), written(0, 5, 7)];
  expect(await publish(offsets, 0, 1, 0, 0)).toEqual([
    [0, 5],
    [1, 50],
    [0, 6],
    [0, 8],
  ]);
});

it('takes the end of a partition where an acknowledgement had no offset', async () => {
  expect(await publish([written(0, 5, 6)], 0, 1, 0)).toEqual([
    [0, 99],
    [1, 199],
    [0, 99],
  ]);
});
