import { missingOffsets, offsetsOf } from '../../../functions/core/offset-range.ts';

const record = (partition: number, offset: number, topic = 'changes') => ({
  ...{ topic, partition, offset: String(offset), timestampMs: 0 },
  ...{ key: null, value: null },
});
const range = (first: number, next: number) => ({ first: BigInt(first), next: BigInt(next) });

test('the offsets of a batch are one range for each run without a hole', () => {
  const records = [record(0, 7), record(0, 8), record(0, 11), record(1, 12), record(1, 13, 'other'), record(1, 14)];
  expect(offsetsOf(records)).toEqual([
    { topic: 'changes', partition: 0, ...range(7, 9) },
    { topic: 'changes', partition: 0, ...range(11, 12) },
    { topic: 'changes', partition: 1, ...range(12, 13) },
    { topic: 'other', partition: 1, ...range(13, 14) },
    { topic: 'changes', partition: 1, ...range(14, 15) },
  ]);
  expect(offsetsOf([])).toEqual([]);
});

test.each([
  ['all of them, when none is applied', [], 5, [range(0, 5)]],
  ['none, when all are applied', [range(0, 5)], 5, []],
  ['none, when nothing is expected', [], 0, []],
  ['the ones before, between and after', [range(2, 3), range(5, 8)], 10, [range(0, 2), range(3, 5), range(8, 10)]],
  ['only those below the end', [range(0, 2), range(7, 9)], 4, [range(2, 4)]],
  ['those before the range in which the end is', [range(0, 2), range(4, 9)], 6, [range(2, 4)]],
])('missing offsets are %s', (_, applied, until, missing) => {
  expect(missingOffsets(applied, BigInt(until))).toEqual(missing);
});
