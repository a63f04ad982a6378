import type { TopicInspector } from '../../functions/ports/topic-inspector.ts';

export interface TopicInspectorUnderTest {
  readonly inspector: TopicInspector;
  /** Creates the topic, also again after `deleteTopic`. */
  createTopic(topic: string, partitions: number): Promise<void>;
  deleteTopic(topic: string): Promise<void>;
  addPartitions(topic: string, partitions: number): Promise<void>;
  /** Writes records, in a transaction that is then committed or aborted, or without one. */
  write(topic: string, partition: number, count: number, ending?: 'commit' | 'abort'): Promise<void>;
  /** Deletes the records before an offset, as the retention of the topic does. */
  deleteRecords(topic: string, partition: number, before: bigint): Promise<void>;
  commitOffset(group: string, topic: string, partition: number, offset: bigint): Promise<void>;
  close(): Promise<void>;
}

/** What any `TopicInspector` promises. `uniqueName` returns a name that no other test uses. */
export function describeTopicInspector(
  name: string,
  make: () => TopicInspectorUnderTest | Promise<TopicInspectorUnderTest>,
  uniqueName: (prefix: string) => string,
): void {
  describe(`${name} as a topic inspector`, () => {
    let subject: TopicInspectorUnderTest;
    let inspector: TopicInspector;
    let topic: string;
    beforeAll(async () => {
      subject = await make();
      inspector = subject.inspector;
    });
    beforeEach(() => {
      topic = uniqueName('inspected');
    });
    afterAll(() => subject.close());

    const offsets = async () =>
      (await inspector.describe(topic)).partitions.map(({ startOffset, endOffset }) => [startOffset, endOffset]);
    const hasRecords = (first: number, next: number) =>
      inspector.hasRecords({ topic, partition: 0, first: BigInt(first), next: BigInt(next) });

    it('finds the oldest offset that is left and the next offset of each partition', async () => {
      await subject.createTopic(topic, 3);
      await subject.write(topic, 0, 5);
      await subject.write(topic, 2, 7);
      await subject.deleteRecords(topic, 2, 4n);

      expect(await offsets()).toEqual([
        [0n, 5n],
        [0n, 0n],
        [4n, 7n],
      ]);
    });

    it('finds partitions that were added', async () => {
      await subject.createTopic(topic, 1);
      await subject.write(topic, 0, 1);
      const before = await inspector.describe(topic);
      await subject.addPartitions(topic, 2);

      const after = await inspector.describe(topic);
      expect(after.partitions.map(({ endOffset }) => endOffset)).toEqual([1n, 0n]);
      expect([after.clusterId, after.topicId]).toEqual([before.clusterId, before.topicId]);
    });

    it('gives a topic that is created again another id on the same cluster', async () => {
      await subject.createTopic(topic, 1);
      await subject.write(topic, 0, 1);
      const before = await inspector.describe(topic);
      await subject.deleteTopic(topic);
      await subject.createTopic(topic, 1);

      const after = await inspector.describe(topic);
      expect(after.clusterId).toBe(before.clusterId);
      expect(after.topicId).not.toBe(before.topicId);
      expect(await offsets()).toEqual([[0n, 0n]]);
    });

    it('finds what a group has committed', async () => {
      await subject.createTopic(topic, 3);
      const group = uniqueName('group');
      expect(await inspector.committedOffsets(group, topic)).toEqual([null, null, null]);
      await subject.commitOffset(group, topic, 2, 5n);
      await subject.commitOffset(group, topic, 0, 0n);

      expect(await inspector.committedOffsets(group, topic)).toEqual([0n, null, 5n]);
      expect(await inspector.committedOffsets(uniqueName('other'), topic)).toEqual([null, null, null]);
    });

    it('finds records at offsets, but none where transactions end or were aborted', async () => {
      await subject.createTopic(topic, 1);
      await subject.write(topic, 0, 2);
      await subject.write(topic, 0, 3, 'commit');
      await subject.write(topic, 0, 4, 'abort');
      await subject.write(topic, 0, 1);
      expect(await offsets()).toEqual([[0n, 12n]]);

      expect(await hasRecords(0, 2)).toBe(true);
      expect(await hasRecords(4, 5)).toBe(true);
      expect(await hasRecords(5, 6)).toBe(false);
      expect(await hasRecords(6, 10)).toBe(false);
      expect(await hasRecords(5, 11)).toBe(false);
      expect(await hasRecords(10, 12)).toBe(true);
    });

    it('fails for records that are deleted', async () => {
      await subject.createTopic(topic, 1);
      await subject.write(topic, 0, 5);
      await subject.deleteRecords(topic, 0, 3n);
      await expect(hasRecords(2, 4)).rejects.toThrow(/range/);
      expect(await hasRecords(3, 4)).toBe(true);
    });

    it('fails with the name of a topic that does not exist', async () => {
      const expected = { code: 'PIPE_TOPIC_MISSING', message: expect.stringContaining(topic) };
      await expect(inspector.describe(topic)).rejects.toMatchObject(expected);
      await expect(inspector.committedOffsets('group', topic)).rejects.toMatchObject(expected);
      await expect(hasRecords(0, 1)).rejects.toMatchObject(expected);
    });
  });
}
