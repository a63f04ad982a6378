import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { decodeKafkaEvent, type KafkaEvent } from '../../../functions/runtime/kafka-event.ts';

const event = JSON.parse(
  readFileSync(join(__dirname, '../../fixtures/events/msk-employee-salaries.json'), 'utf8'),
) as KafkaEvent;

const one = (record: object): KafkaEvent =>
  ({ records: { 't-0': [{ topic: 't', partition: 0, offset: 1, timestamp: 5, ...record }] } }) as KafkaEvent;

describe('decodeKafkaEvent', () => {
  it('returns the records of all partitions, each partition in offset order', () => {
    const places = decodeKafkaEvent(event).map(({ topic, partition, offset }) => [topic, partition, offset]);
    expect(places).toEqual([
      ['employee-salaries', 0, '15'],
      ['employee-salaries', 0, '16'],
      ['employee-salaries', 1, '7'],
    ]);
  });

  it('decodes keys and values from base64', () => {
    const [record] = decodeKafkaEvent(one({ key: 'AP8=', value: 'w6s=' }));
    expect(record).toEqual({
      topic: 't',
      partition: 0,
      offset: '1',
      timestampMs: 5,
      key: Buffer.from([0x00, 0xff]),
      value: Buffer.from('ë'),
    });
  });

  it.each([
    ['absent', {}],
    ['null', { key: null, value: null }],
  ])('distinguishes a key or value that is %s from an empty one', (_, record) => {
    expect(decodeKafkaEvent(one(record))).toMatchObject([{ key: null, value: null }]);
    expect(decodeKafkaEvent(one({ key: '', value: '' }))).toMatchObject([
      { key: Buffer.alloc(0), value: Buffer.alloc(0) },
    ]);
  });

  it('decodes headers from signed bytes, in order and repeated ones too', () => {
    const [record] = decodeKafkaEvent(one({ headers: [{ a: [45, 62, -61, -85] }, { b: [] }, { a: [49] }] }));
    expect(record?.headers).toEqual([
      ['a', Buffer.from('->ë')],
      ['b', Buffer.alloc(0)],
      ['a', Buffer.from('1')],
    ]);
  });

  it('returns nothing for an event without records', () => {
    expect(decodeKafkaEvent({ records: {} })).toEqual([]);
  });

  it.each([[{}], [null], [undefined], [{ records: null }], [{ Records: [] }]])('refuses %j', (notKafka) => {
    expect(() => decodeKafkaEvent(notKafka as never)).toThrow(/expected the event of a Kafka event source/);
  });
});
