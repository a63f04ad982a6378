import { Partitioners } from 'kafkajs';
import type { OutgoingRecord } from '../../functions/core/kafka-record.ts';
import type { RecordPublisher } from '../../functions/ports/record-publisher.ts';
import type { TopicRecord } from '../support/topic-records.ts';

export interface PublisherUnderTest {
  readonly publisher: RecordPublisher;
  /** Creates a topic of this name that accepts Kafka's default size of batches. */
  createTopic(topic: string, partitions: number): Promise<void>;
  /** All records of the topic, those of each partition in their order. */
  readTopic(topic: string): Promise<readonly TopicRecord[]>;
  close(): Promise<void>;
}

/** What any `RecordPublisher` promises. `nameTopic` returns a name that no other test uses. */
export function describeRecordPublisher(
  make: () => PublisherUnderTest | Promise<PublisherUnderTest>,
  nameTopic: (prefix: string) => string,
): void {
  describe('as a RecordPublisher', () => {
    let subject: PublisherUnderTest;
    let publisher: RecordPublisher;

    beforeEach(async () => {
      subject = await make();
      publisher = subject.publisher;
    });
    afterEach(() => subject.close());

    const newTopic = async (prefix: string, partitions: number) => {
      const topic = nameTopic(prefix);
      await subject.createTopic(topic, partitions);
      return topic;
    };
    const valuesOf = async (topic: string, partition: number) =>
      (await subject.readTopic(topic)).filter((record) => record.partition === partition).map(({ value }) => value);

    it('writes nothing when there are no records', async () => {
      const topic = await newTopic('empty', 1);

      await publisher.publish(topic, []);

      expect(await subject.readTopic(topic)).toEqual([]);
    });

    it('writes the records of many calls under way once each, and in the order of the calls within a partition', async () => {
      const topic = await newTopic('many', 3);

      await Promise.all(Array.from({ length: 60 }, (_, call) => publisher.publish(topic, numbered(call * 500, 500))));

      const records = await subject.readTopic(topic);
      expect(records.map(({ value }) => Number(value)).sort(ascending)).toEqual([...Array(30_000).keys()]);
      for (const partition of [0, 1, 2]) {
        const values = (await valuesOf(topic, partition)).map(Number);
        expect(values).toEqual(values.toSorted(ascending));
      }
    });

    it('spreads records without a key over all partitions', async () => {
      const topic = await newTopic('spread', 3);

      for (let call = 0; call < 6; call += 1) await publisher.publish(topic, numbered(call, 1));

      const partitions = new Set((await subject.readTopic(topic)).map(({ partition }) => partition));
      expect([...partitions].sort(ascending)).toEqual([0, 1, 2]);
    });

    it("assigns a key to the same partition as Kafka's Java client, and keeps the order of its records", async () => {
      const topic = await newTopic('keyed', 6);
      const keys = [...Array.from({ length: 100 }, (_, index) => String(index * 7919)), '', 'ключ', '🐘', 'größe'];

      await Promise.all(
        [0, 1, 2].map((round) =>
          publisher.publish(
            topic,
            keys.map((key) => ({ key, value: `${key}:${round}` })),
          ),
        ),
      );

      const records = await subject.readTopic(topic);
      for (const key of keys) {
        const own = records.filter((record) => record.key === key);
        expect(own.map(({ value }) => value)).toEqual([0, 1, 2].map((round) => `${key}:${round}`));
        expect([key, own[0]?.partition]).toEqual([key, partitionInJava(key, 6)]);
      }
    });

    it('writes to the given partition, whatever the key', async () => {
      const topic = await newTopic('explicit', 3);

      await publisher.publish(
        topic,
        [0, 1, 2].map((partition) => ({ key: 'same', value: `to ${partition}`, partition })),
      );

      expect((await subject.readTopic(topic)).map(({ partition, value }) => [partition, value]).sort()).toEqual(
        [0, 1, 2].map((partition) => [partition, `to ${partition}`]),
      );
    });

    it('returns the offsets of the records', async () => {
      const topic = await newTopic('offsets', 2);
      const to = (partition: number, count: number) =>
        Array.from({ length: count }, () => ({ key: null, value: 'v', partition }));

      await publisher.publish(topic, to(0, 5));
      const offsets = await publisher.publish(topic, [...to(1, 2), ...to(0, 3)]);

      expect(offsets).toHaveLength(2);
      expect(offsets).toContainEqual({ topic, partition: 0, first: 5n, next: 8n });
      expect(offsets).toContainEqual({ topic, partition: 1, first: 0n, next: 2n });
    });

    it('keeps keys and values as they are: text, bytes, empty and absent ones', async () => {
      const topic = await newTopic('values', 1);
      const contents = ['ключ', '🐘', '', null, Buffer.from('größe'), Buffer.alloc(0)];
      const records = contents.flatMap((key) => contents.map((value) => ({ key, value, partition: 0 })));

      await publisher.publish(topic, records);

      expect(await subject.readTopic(topic)).toEqual(
        records.map(({ key, value }) => ({
          partition: 0,
          key: key?.toString() ?? null,
          value: value?.toString() ?? null,
        })),
      );
    });

    it('writes one call that is larger than a broker accepts in one batch', async () => {
      const topic = await newTopic('large', 1);
      const sizes = [1_048_000, 300_000, 300_000, 300_000, 300_000, 500_000, 600_000, 1, 1_040_000];

      await publisher.publish(
        topic,
        sizes.map((size) => ({ key: null, value: 'x'.repeat(size) })),
      );

      expect((await valuesOf(topic, 0)).map((value) => value?.length)).toEqual(sizes);
    });

    it('fails all calls under way when one record is refused, and publishes again afterwards', async () => {
      const topic = await newTopic('refused', 1);
      const tooLarge = { key: null, value: 'x'.repeat(2_000_000) };

      const outcomes = await Promise.allSettled([
        publisher.publish(topic, [tooLarge]),
        publisher.publish(topic, numbered(0, 1)),
        publisher.publish(topic, numbered(1, 1)),
      ]);
      await publisher.publish(topic, numbered(2, 1));

      expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
      expect(String((outcomes[0] as PromiseRejectedResult).reason)).toContain('larger than the max message size');
      expect(await subject.readTopic(topic)).toContainEqual({ partition: 0, key: null, value: '2' });
    });

    it('fails when the topic does not exist, and publishes once it exists', async () => {
      const topic = nameTopic('late');

      await expect(publisher.publish(topic, numbered(0, 1))).rejects.toThrow(`expected topic ${topic} in Kafka`);
      await subject.createTopic(topic, 1);
      await publisher.publish(topic, numbered(1, 1));

      expect(await subject.readTopic(topic)).toEqual([{ partition: 0, key: null, value: '1' }]);
    });

    it('fails when the topic does not have the given partition', async () => {
      const topic = await newTopic('narrow', 2);

      await expect(publisher.publish(topic, [{ key: null, value: 'v', partition: 2 }])).rejects.toThrow(
        `topic ${topic} has no partition 2`,
      );

      expect(await subject.readTopic(topic)).toEqual([]);
    });
  });
}

/** Records whose values are ascending numbers. */
export function numbered(from: number, count: number, key: string | null = null): OutgoingRecord[] {
  return Array.from({ length: count }, (_, index) => ({ key, value: String(from + index) }));
}

export const ascending = (left: number, right: number) => left - right;

const javaPartitioner = Partitioners.JavaCompatiblePartitioner();

function partitionInJava(key: string, partitions: number): number {
  const partitionMetadata = Array.from({ length: partitions }, (_, partitionId) => ({ partitionId, leader: 1 }));
  return javaPartitioner({ topic: 't', partitionMetadata: partitionMetadata as never, message: { key, value: '' } });
}
