import fc from 'fast-check';
import { Partitioners } from 'kafkajs';
import { Batching } from '../../../../functions/adapters/kafka/batching.ts';
import { murmur2 } from '../../../../functions/adapters/kafka/murmur2.ts';

const values = (count: number, size = 10) =>
  Array.from({ length: count }, (_, index) => ({ key: null, value: String(index).padStart(size, '.') }));

describe('Batching', () => {
  it('keeps the records of a call without a key together, and takes the next partition for the next call', () => {
    const batching = new Batching('t', 4);

    const partitions = [1, 2, 3].map(() => batching.divide(values(3), 6).map(({ partition }) => partition));

    expect(partitions).toEqual([[4], [5], [0]]);
  });

  it('begins a new batch before the old one becomes larger than a broker accepts', () => {
    const batches = new Batching('t', 0).divide(values(25, 100_000), 1);

    expect(batches.map(({ records }) => records.length)).toEqual([8, 8, 8, 1]);
    for (const { bytes, records } of batches) {
      expect(bytes).toBeLessThan(1_000_000);
      expect(bytes).toBeGreaterThan(records.length * 100_000);
    }
    expect(
      batches.flatMap(({ records }) => records.map(({ value }) => Number(String(value).replaceAll('.', '')))),
    ).toEqual([...Array(25).keys()]);
  });

  it('gives a record that is larger than a batch one of its own', () => {
    const sizes = [10, 1_000_000, 10];

    const batches = new Batching('t', 0).divide(
      sizes.map((size) => ({ key: null, value: 'x'.repeat(size), partition: 0 })),
      1,
    );

    expect(batches.map(({ records }) => records.map(({ value }) => value?.length))).toEqual([[10], [1_000_000], [10]]);
  });

  it('keeps the headers of a record, in order and repeated ones too, and counts their bytes', () => {
    const headers = [['a', Buffer.from('1')] as const, ['a', Buffer.from('x'.repeat(1_000))] as const];

    const [batch] = new Batching('t', 0).divide([{ key: null, value: 'v', headers }], 1);

    const written = [...(batch?.records[0]?.headers ?? [])].map(([name, value]) => [String(name), value.length]);
    expect(written).toEqual([
      ['a', 1],
      ['a', 1_000],
    ]);
    expect(batch?.bytes).toBeGreaterThan(1_003);
  });

  it.each([-1, 6])('refuses partition %i of six', (partition) => {
    expect(() => new Batching('t', 0).divide([{ key: 'k', value: 'v', partition }], 6)).toThrow(
      `topic t has no partition ${partition}: it has 6`,
    );
  });

  it('assigns any key to the partition that kafkajs and Java assign it to', () => {
    const partitioner = Partitioners.JavaCompatiblePartitioner();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 70 }), fc.integer({ min: 1, max: 100 }), (bytes, partitionCount) => {
        const key = Buffer.from(bytes);
        const partitionMetadata = Array.from({ length: partitionCount }, (_, partitionId) => ({
          partitionId,
          leader: 1,
        })) as never;

        const [batch] = new Batching('t', 0).divide([{ key, value: null }], partitionCount);

        expect(batch?.partition).toBe(partitioner({ topic: 't', partitionMetadata, message: { key, value: null } }));
      }),
      { numRuns: 500 },
    );
  });
});

describe('murmur2', () => {
  // The values are those of UtilsTest.testMurmur2 in Apache Kafka.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('of %s is what Kafka computes', (key, hash) => {
    expect(murmur2(Buffer.from(key))).toBe(hash);
  });
});
