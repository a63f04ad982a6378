import {
  cooperativePartitions,
  readSubscription,
  stickyPartitions,
} from '../../../../../localstack/event-sources/kafka/assignors/subscription.ts';
import { owned } from './group.ts';

const int16 = (value: number) => Buffer.from([value >> 8, value]);
const int32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const string = (text: string) => Buffer.concat([int16(Buffer.byteLength(text)), Buffer.from(text)]);
const bytes = (value: Buffer | null) => (value === null ? int32(-1) : Buffer.concat([int32(value.length), value]));
const list = (...items: Buffer[]) => Buffer.concat([int32(items.length), ...items]);
const partitions = list(Buffer.concat([string('t-ä'), list(int32(0), int32(5))]));

const topics = list(string('t-ä'), string('u'));
const version = (number: number, userData: Buffer | null, ...rest: Buffer[]) =>
  readSubscription(Buffer.concat([int16(number), topics, bytes(userData), ...rest]));

test('[known] version 0 has topics only', () => {
  expect(version(0, null)).toEqual({ topics: ['t-ä', 'u'], userData: Buffer.alloc(0), owned: [] });
});

test('[known] version 1 has the partitions, and cooperative-sticky the generation in its user data', () => {
  const subscription = version(1, int32(8), partitions);
  expect(cooperativePartitions(subscription)).toEqual({ owned: owned('t-ä-0 t-ä-5'), generation: 8 });
  expect(cooperativePartitions(version(1, null, partitions))).toMatchObject({ generation: -1 });
});

test.each([
  ['2', 2, []],
  ['3, with the rack', 3, [string('rack')]],
  ['3, without a rack', 3, [int16(-1)]],
  ['that is not known yet', 9, [int16(-1), Buffer.from('more')]],
])('[known] version %s has the generation', (_name, number, rest) => {
  const subscription = version(number, null, partitions, int32(7), ...rest);
  expect(cooperativePartitions(subscription)).toEqual({ owned: owned('t-ä-0 t-ä-5'), generation: 7 });
});

test('[known] sticky has the partitions in the user data, since its second version with the generation', () => {
  const first = version(1, partitions, list());
  expect(stickyPartitions(first)).toEqual({ owned: owned('t-ä-0 t-ä-5'), generation: -1 });
  const second = version(1, Buffer.concat([partitions, int32(4)]), list());
  expect(stickyPartitions(second)).toEqual({ owned: owned('t-ä-0 t-ä-5'), generation: 4 });
});

test.each([
  ['none', null],
  ['of another kind', Buffer.from('anything else')],
  ['cut off', partitions.subarray(0, -2)],
])('[known] sticky: user data %s counts as no partitions', (_name, userData) => {
  expect(stickyPartitions(version(1, userData, list()))).toEqual({ owned: [], generation: -1 });
});

test('[known] a subscription that is cut off is an error', () => {
  expect(() => version(1, null)).toThrow();
  expect(() => readSubscription(Buffer.concat([int16(0), list(), int32(10)]))).toThrow('expected 10 bytes, found 0');
});
