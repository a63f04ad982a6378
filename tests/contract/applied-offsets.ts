import type { AppliedOffsets } from '../../functions/ports/applied-offsets.ts';
import type { EmployeeReplica } from '../../functions/ports/employee-replica.ts';

export interface AppliedOffsetsUnderTest {
  readonly appliedOffsets: AppliedOffsets;
  /** Its transactions write what `appliedOffsets` reads. */
  readonly replica: EmployeeReplica;
  close(): Promise<void>;
}

const TOPIC = 'changes';

const range = (partition: number, first: number, next: number, topic = TOPIC) => ({
  ...{ topic, partition },
  first: BigInt(first),
  next: BigInt(next),
});

/** The contract of `AppliedOffsets`, and of what a transaction of `EmployeeReplica` records. */
export function describeAppliedOffsets(name: string, make: () => Promise<AppliedOffsetsUnderTest>): void {
  describe(`${name} as applied offsets`, () => {
    let subject: AppliedOffsetsUnderTest;
    beforeEach(async () => {
      subject = await make();
    });
    afterEach(() => subject.close());

    const commit = (...applied: ReturnType<typeof range>[]) =>
      subject.replica.transaction('shared', applied, async () => {});
    const partitions = async (topic = TOPIC) =>
      (await subject.appliedOffsets.read(topic)).partitions.map(({ partition, topicId, offsets }) => [
        ...[partition, topicId],
        ...offsets.map(({ first, next }) => `${first}-${next}`),
      ]);

    it('are those of the batches that were committed', async () => {
      await commit(range(0, 0, 100), range(2, 7, 9));
      await subject.replica.applyAtOnce([], [range(0, 100, 150)]);
      const failing = subject.replica.transaction('shared', [range(0, 150, 160)], async () => {
        throw new Error('failed');
      });
      await expect(failing).rejects.toThrow('failed');
      expect(await partitions()).toEqual([
        [0, null, '0-150'],
        [2, null, '7-9'],
      ]);
    });

    it('belong to one topic', async () => {
      await commit(range(0, 0, 5), range(0, 0, 3, 'other'));
      expect(await partitions()).toEqual([[0, null, '0-5']]);
      expect(await partitions('other')).toEqual([[0, null, '0-3']]);
      expect(await partitions('unknown')).toEqual([]);
    });

    it('have a hole where a batch was skipped, until it comes', async () => {
      await commit(range(0, 0, 10));
      await commit(range(0, 20, 30), range(0, 40, 50));
      expect(await partitions()).toEqual([[0, null, '0-10', '20-30', '40-50']]);
      await commit(range(0, 10, 20));
      expect(await partitions()).toEqual([[0, null, '0-30', '40-50']]);
    });

    it('stay the same when a batch is applied again', async () => {
      await commit(range(0, 0, 10));
      await commit(range(0, 3, 7));
      expect(await partitions()).toEqual([[0, null, '0-10']]);
    });

    it('of concurrent batches are all recorded', async () => {
      const batches = Array.from({ length: 8 }, (_, batch) => batch);
      await Promise.all(
        batches.map((batch) => {
          const ranges = [range(0, batch * 10, batch * 10 + 10), range(1, batch, batch + 1)];
          return commit(...(batch % 2 === 0 ? ranges : ranges.reverse()));
        }),
      );
      expect(await partitions()).toEqual([
        [0, null, '0-80'],
        [1, null, '0-8'],
      ]);
    });

    it('can be added and removed', async () => {
      const { appliedOffsets } = subject;
      await appliedOffsets.add([range(0, 0, 10), range(0, 20, 30), range(1, 0, 1)]);
      await appliedOffsets.remove([range(0, 5, 8), range(0, 25, 100), range(1, 0, 1), range(9, 0, 1)]);
      expect(await partitions()).toEqual([
        [0, null, '0-5', '8-10', '20-25'],
        [1, null],
      ]);
    });

    it('are forgotten when the topic has another id, but not when it gets its first one', async () => {
      const { appliedOffsets } = subject;
      await commit(range(0, 0, 10));
      await appliedOffsets.assignTopicId(TOPIC, 'first');
      await appliedOffsets.assignTopicId(TOPIC, 'first');
      await commit(range(0, 10, 12), range(1, 0, 5));
      expect(await partitions()).toEqual([
        [0, 'first', '0-12'],
        [1, null, '0-5'],
      ]);
      await appliedOffsets.assignTopicId(TOPIC, 'second');
      expect(await partitions()).toEqual([
        [0, 'second'],
        [1, 'second', '0-5'],
      ]);
    });

    it('come with the epoch of the watermark', async () => {
      expect(await subject.appliedOffsets.read(TOPIC)).toEqual({ partitions: [], watermarkEpoch: -1n });
      await subject.replica.transaction('exclusive', [range(0, 0, 1)], (transaction) =>
        transaction.raiseWatermark({ epoch: 7n, changeId: 3n }),
      );
      expect((await subject.appliedOffsets.read(TOPIC)).watermarkEpoch).toBe(7n);
    });
  });
}
