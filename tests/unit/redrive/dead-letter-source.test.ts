import { encodeDeadLetter } from '../../../functions/core/dead-letter.ts';
import type { ClaimedDeadLetter } from '../../../functions/core/redrive.ts';
import { readDeadLetters } from '../../../functions/redrive/dead-letter-source.ts';
import { InMemoryRecordPublisher } from '../../support/in-memory-record-publisher.ts';
import { InMemoryRecordReader } from '../../support/in-memory-record-reader.ts';

const TOPIC = 't.dead-letter';
const STAMP = { at: '2026-11-26T10:00:00.000Z', sha256: null, traceparent: '00-1-2-00' };
const deadLetter = (offset: number) => {
  const origin = { topic: 't', partition: 0, offset: String(offset) };
  return String(encodeDeadLetter({ code: 'PIPE_X', reason: 'why', origin, payload: null }, STAMP).value);
};
const claimed = (offset: number, partition = 0, dlqId = `t/0/${offset}`): ClaimedDeadLetter => ({
  ...{ dlqId, kind: 'record', topic: TOPIC, partition, offset: BigInt(offset), attempts: 1 },
  ...{ firstAt: STAMP.at, payloadBytes: 0, row: null, file: null },
});

let reader: InMemoryRecordReader;
beforeEach(async () => {
  const publisher = new InMemoryRecordPublisher({ [TOPIC]: 2 });
  const values = [deadLetter(0), 'text', deadLetter(2), null];
  await publisher.publish(
    TOPIC,
    values.map((value) => ({ key: 'k', value, partition: 0 })),
  );
  await publisher.publish(TOPIC, [{ key: null, value: deadLetter(0), partition: 1 }]);
  reader = new InMemoryRecordReader(publisher);
});

test('dead letters are read by partition, each with the key of its record', async () => {
  const batch = [claimed(0), claimed(2), claimed(0, 1)];
  const { read, refused } = await readDeadLetters(reader, batch);
  expect(read.map((each) => [each.claimed, each.recordKey])).toEqual([
    ...[
      [batch[0], Buffer.from('k')],
      [batch[1], Buffer.from('k')],
      [batch[2], null],
    ],
  ]);
  expect(read.map(({ envelope }) => envelope.id)).toEqual(['t/0/0', 't/0/2', 't/0/0']);
  expect(refused).toEqual([]);
  expect(reader.callSizes).toEqual([2, 1]);
});

test.each([
  ['none', 9, 't/0/9'],
  ['another record', 1, 't/0/1'],
  ['another record', 2, 't/0/7'],
  ['another record', 3, 't/0/3'],
])('one that finds %s at offset %i is refused', async (found, offset, id) => {
  const { read, refused } = await readDeadLetters(reader, [claimed(offset, 0, id)]);
  expect(read).toEqual([]);
  expect(refused).toMatchObject([
    {
      kind: 'refuse',
      refusal: {
        code: 'PIPE_REDRIVE_GONE',
        reason:
          `expected the dead letter at the offset that the ledger has, found ${found}; the topic has deleted it after its ` +
          'retention time, or was created again',
      },
    },
  ]);
});
