import type { KafkaMessage } from 'kafkajs';
import { patchKafkajs } from '../../../../../localstack/event-sources/kafka/consumer/patched-kafkajs.ts';
import {
  type NullFields,
  RecordSerializer,
} from '../../../../../localstack/event-sources/kafka/event/record-serializer.ts';
import { decodedRecord, type Header } from '../decoded-record.ts';

patchKafkajs();

const eventRecord = (message: KafkaMessage, nullFields: NullFields = 'omit') => {
  const record = new RecordSerializer('t', 3, nullFields).polledRecord(message, 0);
  expect(record.bytes).toBe(Buffer.byteLength(record.json));
  return JSON.parse(record.json) as { headers: unknown };
};

test('[documented] headers: one object each in record order, also with other names between repeated ones', () => {
  const names = ['b', 'a', 'b', '10', '2', 'b'];
  const headers = names.map((name, index): Header => [name, Buffer.from([index])]);
  expect(eventRecord(decodedRecord(headers)).headers).toEqual(names.map((name, index) => ({ [name]: [index] })));
});

test('[observed] header bytes are signed: -128 to 127', () => {
  const all = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
  const signed = Array.from({ length: 256 }, (_, index) => (index < 128 ? index : index - 256));
  expect(eventRecord(decodedRecord([['all', all]])).headers).toEqual([{ all: signed }]);
});

test('[inferred] a header without a value, and one with an empty value, is an empty list', () => {
  const headers: Header[] = [
    ['none', null],
    ['empty', Buffer.alloc(0)],
  ];
  expect(eventRecord(decodedRecord(headers)).headers).toEqual([{ none: [] }, { empty: [] }]);
});

test('[documented] header names are kept unchanged', () => {
  const names = ['', 'with "quotes" \\ and\nlines', 'ë💶', '__proto__'];
  const headers = names.map((name): Header => [name, Buffer.from('v')]);
  expect(eventRecord(decodedRecord(headers)).headers).toEqual(
    names.map((name) => Object.fromEntries([[name, [118]]]) as object),
  );
});

test('[documented] offset and timestamp are numbers; without headers the list is empty', () => {
  expect(eventRecord(decodedRecord([], Buffer.from('k'), Buffer.from([0xff])))).toEqual({
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

test('[observed] absent key and value are omitted, or null if the option says so; [inferred] empty ones are ""', () => {
  expect(eventRecord(decodedRecord([]))).not.toHaveProperty('key');
  expect(eventRecord(decodedRecord([]))).not.toHaveProperty('value');
  expect(eventRecord(decodedRecord([]), 'null')).toMatchObject({ key: null, value: null });
  expect(eventRecord(decodedRecord([], Buffer.alloc(0), Buffer.alloc(0)))).toMatchObject({ key: '', value: '' });
});
