import type { OutgoingRecord } from '../../functions/core/kafka-record.ts';
import type { RecordPublisher } from '../../functions/ports/record-publisher.ts';
import type { RecordReader } from '../../functions/ports/record-reader.ts';

export interface RecordReaderUnderTest {
  readonly reader: RecordReader;
  readonly publisher: RecordPublisher;
  /** Creates a topic of its own with two partitions. */
  createTopic(): Promise<string>;
  close(): Promise<void>;
}

/** The contract of `RecordReader`. */
export function describeRecordReader(name: string, make: () => Promise<RecordReaderUnderTest>): void {
  describe(`${name} as reader of records`, () => {
    let subject: RecordReaderUnderTest;
    let topic: string;
    beforeAll(async () => {
      subject = await make();
      topic = await subject.createTopic();
      const records = Array.from(
        { length: 40 },
        (_, number): OutgoingRecord => ({
          ...{ key: `k${number}`, value: `v${number}`, partition: 1 },
          ...(number === 3 && {
            headers: [
              ['a', Buffer.from('1')],
              ['b', Buffer.from('2')],
            ],
          }),
        }),
      );
      await subject.publisher.publish(topic, records.slice(0, 25));
      await subject.publisher.publish(topic, records.slice(25));
      await subject.publisher.publish(topic, [{ key: null, value: null, partition: 0 }]);
    });
    afterAll(() => subject.close());

    const valuesAt = async (...offsets: readonly number[]) =>
      (await subject.reader.read(topic, 1, offsets.map(BigInt))).map(({ value }) => String(value));

    it('reads the records at the offsets, in their order', async () => {
      expect(await valuesAt(0, 3, 24, 25, 39)).toEqual(['v0', 'v3', 'v24', 'v25', 'v39']);
      expect(await valuesAt(...Array.from({ length: 40 }, (_, offset) => offset))).toHaveLength(40);
      expect(await valuesAt()).toEqual([]);
    });

    it('reads place, key, value and headers', async () => {
      expect(await subject.reader.read(topic, 1, [3n])).toMatchObject([
        {
          ...{ topic, partition: 1, offset: '3', key: Buffer.from('k3'), value: Buffer.from('v3') },
          headers: [
            ['a', Buffer.from('1')],
            ['b', Buffer.from('2')],
          ],
        },
      ]);
      expect(await subject.reader.read(topic, 0, [0n])).toMatchObject([{ offset: '0', key: null, value: null }]);
    });

    it('visits the same records, without headers', async () => {
      const visited: string[] = [];
      await subject.reader.visit(topic, 1, [3n, 24n, 25n, 1_000n], ({ offset, key, value }) =>
        visited.push(`${offset} ${key} ${value}`),
      );
      expect(visited).toEqual(['3 k3 v3', '24 k24 v24', '25 k25 v25']);
    });

    it('leaves out what is not there', async () => {
      expect(await valuesAt(39, 40, 1_000)).toEqual(['v39']);
      expect(await subject.reader.read(topic, 0, [7n])).toEqual([]);
      expect(await subject.reader.read(topic, 2, [0n])).toEqual([]);
    });

    it('fails when there is no such topic', async () => {
      await expect(subject.reader.read(`${topic}-missing`, 0, [0n])).rejects.toMatchObject({
        code: 'PIPE_TOPIC_MISSING',
      });
    });
  });
}
