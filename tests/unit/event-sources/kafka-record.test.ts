import type { KafkaMessage } from 'kafkajs';
import { prepareKafkajs } from '../../../localstack/event-sources/kafka/kafkajs-internals.ts';
import { RecordSerialiser } from '../../../localstack/event-sources/kafka/record.ts';

prepareKafkajs();

// kafkajs has no types for its insides.
const Encoder = require('kafkajs/src/protocol/encoder') as new () => BytesEncoder;
const Decoder = require('kafkajs/src/protocol/decoder') as new (bytes: Buffer) => object;
const decodeRecord = require('kafkajs/src/protocol/recordBatch/record/v0/decoder') as (
  decoder: object,
  batch: object,
) => KafkaMessage;

interface BytesEncoder {
  readonly buffer: Buffer;
  writeInt8(value: number): this;
  writeVarInt(value: number): this;
  writeVarLong(value: number): this;
  writeVarIntBytes(value: Buffer | null): this;
  writeVarIntString(value: string): this;
}

type Header = readonly [name: string, value: Buffer | null];

/** A record as it stands in a fetch's answer; kafkajs itself cannot write a name twice with another one between. */
function recordWith(headers: readonly Header[], key: Buffer | null = null, value: Buffer | null = null): KafkaMessage {
  const bytes = new Encoder()
    .writeInt8(0)
    .writeVarLong(5)
    .writeVarInt(2)
    .writeVarIntBytes(key)
    .writeVarIntBytes(value)
    .writeVarInt(headers.length);
  for (const [name, content] of headers) bytes.writeVarIntString(name).writeVarIntBytes(content);
  const batch = { firstOffset: '40', firstTimestamp: '1000', magicByte: 2, timestampType: 0, maxTimestamp: '1005' };
  return decodeRecord(new Decoder(bytes.buffer), batch);
}

const eventRecord = (message: KafkaMessage) => {
  const record = new RecordSerialiser('t', 3, 'omit').read(message, 0);
  expect(record.bytes).toBe(Buffer.byteLength(record.json));
  return JSON.parse(record.json) as { headers: unknown };
};

test('[documented] headers: one object each in their order, repeated names repeated, also with others between', () => {
  const names = ['b', 'a', 'b', '10', '2', 'b'];
  const headers = names.map((name, index): Header => [name, Buffer.from([index])]);
  expect(eventRecord(recordWith(headers)).headers).toEqual(names.map((name, index) => ({ [name]: [index] })));
});

test('[observed] header bytes are signed: -128 to 127', () => {
  const all = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
  const signed = Array.from({ length: 256 }, (_, index) => (index < 128 ? index : index - 256));
  expect(eventRecord(recordWith([['all', all]])).headers).toEqual([{ all: signed }]);
});

test('[inferred] a header without a value, and one with an empty value, is an empty list', () => {
  const headers: Header[] = [
    ['none', null],
    ['empty', Buffer.alloc(0)],
  ];
  expect(eventRecord(recordWith(headers)).headers).toEqual([{ none: [] }, { empty: [] }]);
});

test('[documented] names of headers survive as they are', () => {
  const names = ['', 'with "quotes" \\ and\nlines', 'ë💶', '__proto__'];
  const headers = names.map((name): Header => [name, Buffer.from('v')]);
  expect(eventRecord(recordWith(headers)).headers).toEqual(
    names.map((name) => Object.fromEntries([[name, [118]]]) as object),
  );
});

test('[documented] offset and timestamp are numbers; no headers are an empty list', () => {
  expect(eventRecord(recordWith([], Buffer.from('k'), Buffer.from([0xff])))).toEqual({
    topic: 't',
    partition: 3,
    offset: 42,
    timestamp: 1_005,
    timestampType: 'CREATE_TIME',
    key: 'aw==',
    value: '/w==',
    headers: [],
  });
});
