import { decodeTyped, encodeTyped } from '../../../functions/core/typed-json.ts';

const VALUE = {
  at: new Date('2026-11-26T08:00:00Z'),
  next: 9_007_199_254_740_993n,
  payload: Buffer.from([0, 255]),
  headers: [['name', Buffer.from('value')]],
  ...{ none: null, text: '$date', count: 1.5, list: [1n, new Date(0)], empty: {} },
};

it('brings times, 64-bit numbers and bytes through JSON', () => {
  expect(decodeTyped(JSON.parse(JSON.stringify(encodeTyped(VALUE))))).toEqual(VALUE);
});

it('leaves other values as JSON has them, and drops undefined ones', () => {
  expect(JSON.stringify(encodeTyped({ a: undefined, b: [true, 'x'] }))).toBe('{"b":[true,"x"]}');
});

it('takes an object with more than one field for what it is', () => {
  expect(decodeTyped({ $date: 'no time', other: 1 })).toEqual({ $date: 'no time', other: 1 });
});
