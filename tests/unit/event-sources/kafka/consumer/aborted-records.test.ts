import {
  type FetchedRecord,
  hideAbortedRecords,
} from '../../../../../localstack/event-sources/kafka/consumer/aborted-records.ts';

const key = Buffer.from('key');
const record = (offset: number, producerId: string, inTransaction = true, ownKey = key): FetchedRecord => ({
  offset: String(offset),
  key: ownKey,
  isControlRecord: false,
  batchContext: { producerId, inTransaction },
});
/** The end of a transaction. Its key has two bytes of version, then 0 for an abort or 1 for a commit. */
const marker = (offset: number, producerId: string, type: 'abort' | 'commit'): FetchedRecord => ({
  ...record(offset, producerId),
  key: Buffer.from([0, 0, 0, type === 'abort' ? 0 : 1]),
  isControlRecord: true,
});

/** Offsets of the records that a consumer gets. */
function visible(messages: FetchedRecord[], aborted: readonly [producerId: string, firstOffset: number][]): number[] {
  const abortedTransactions = aborted.map(([producerId, first]) => ({ producerId, firstOffset: String(first) }));
  const partition = { messages, abortedTransactions };
  hideAbortedRecords(partition);
  expect(partition.abortedTransactions).toEqual([]);
  return messages.filter(({ isControlRecord }) => !isControlRecord).map(({ offset }) => Number(offset));
}

describe('[inferred] Records of aborted transactions are hidden', () => {
  test('but not those of other transactions or producers', () => {
    const messages = [
      record(0, 'a'),
      marker(1, 'a', 'commit'),
      record(2, 'a'),
      record(3, '-1', false),
      record(4, 'b'),
      marker(5, 'a', 'abort'),
      record(6, 'a'),
      marker(7, 'a', 'commit'),
      marker(8, 'b', 'commit'),
    ];
    expect(visible(messages, [['a', 2]])).toEqual([0, 3, 4, 6]);
  });

  test('although the broker lists the transactions in the order in which they ended', () => {
    const messages = [
      record(0, 'a'),
      record(1, 'b'),
      record(2, 'a'),
      marker(3, 'b', 'abort'),
      record(4, 'a'),
      marker(5, 'a', 'abort'),
    ];
    const aborted: [string, number][] = [
      ['b', 1],
      ['a', 0],
    ];
    expect(visible(messages, aborted)).toEqual([]);
  });

  test('if both transactions began before the first fetched record', () => {
    const messages = [record(10, 'b'), record(11, 'a'), marker(12, 'a', 'abort'), marker(13, 'b', 'abort')];
    const aborted: [string, number][] = [
      ['a', 2],
      ['b', 4],
    ];
    expect(visible(messages, aborted)).toEqual([]);
  });

  test('also after a record whose key looks like an abort marker', () => {
    const messages = [record(0, 'a', true, Buffer.alloc(4)), record(1, 'a'), marker(2, 'a', 'abort')];
    expect(visible(messages, [['a', 0]])).toEqual([]);
  });

  test('in consecutive transactions of the same producer', () => {
    const messages = [
      record(0, 'a'),
      marker(1, 'a', 'abort'),
      record(2, 'a'),
      marker(3, 'a', 'commit'),
      record(4, 'a'),
      marker(5, 'a', 'abort'),
    ];
    const aborted: [string, number][] = [
      ['a', 0],
      ['a', 4],
    ];
    expect(visible(messages, aborted)).toEqual([2]);
  });
});
