import {
  filterPasses,
  InvalidPatternError,
  readFilter,
} from '../../../../localstack/event-sources/filter/filter-criteria.ts';

const passes = (pattern: object, value: string | Buffer | null, mismatch: 'pass' | 'drop' = 'drop') =>
  filterPasses(
    { filters: [readFilter(JSON.stringify(pattern))] },
    typeof value === 'string' ? Buffer.from(value) : value,
    mismatch,
  );

describe('[documented] filters: JSON values', () => {
  test.each([
    ['equals text', { a: ['x'] }, '{"a":"x"}', '{"a":"y"}'],
    ['empty text', { a: [''] }, '{"a":""}', '{"a":"x"}'],
    ['null', { a: [null] }, '{"a":null}', '{}'],
    ['true', { a: [true] }, '{"a":true}', '{"a":"true"}'],
    ['alternatives of a leaf', { a: ['x', 'y'] }, '{"a":"y"}', '{"a":"z"}'],
    ['all fields must match', { a: ['x'], b: [1] }, '{"a":"x","b":1}', '{"a":"x","b":2}'],
    ['nested fields', { a: { b: ['x'] } }, '{"a":{"b":"x"}}', '{"a":"x"}'],
    ['an element of a list', { a: ['x'] }, '{"a":["w","x"]}', '{"a":["w"]}'],
    ['prefix', { a: [{ prefix: 'ab' }] }, '{"a":"abc"}', '{"a":"cab"}'],
    ['suffix', { a: [{ suffix: 'bc' }] }, '{"a":"abc"}', '{"a":"bca"}'],
    ['equals-ignore-case', { a: [{ 'equals-ignore-case': 'Ab' }] }, '{"a":"aB"}', '{"a":"abc"}'],
    ['anything-but', { a: [{ 'anything-but': ['x', 1] }] }, '{"a":"y"}', '{"a":1}'],
    ['anything-but needs the leaf', { a: [{ 'anything-but': 'x' }] }, '{"a":null}', '{}'],
    ['exists', { a: [{ exists: true }] }, '{"a":null}', '{"b":1}'],
    ['exists false', { a: [{ exists: false }] }, '{"b":1}', '{"a":1}'],
    ['exists applies to leaves only', { a: [{ exists: false }] }, '{"a":{"b":1}}', '{"a":0}'],
    ['numeric range', { a: [{ numeric: ['>', 0, '<=', 5] }] }, '{"a":5}', '{"a":0}'],
    ['numeric equality', { a: [{ numeric: ['=', 300] }] }, '{"a":300.0}', '{"a":301}'],
    ['$or', { $or: [{ a: [1] }, { b: [2] }] }, '{"b":2}', '{"a":2,"b":1}'],
    ['properties of the prototype are not fields', { toString: [{ exists: false }] }, '{}', '{"toString":1}'],
  ])('%s', (_name, pattern, matching, other) => {
    expect(passes({ value: pattern }, matching)).toBe(true);
    expect(passes({ value: pattern }, other)).toBe(false);
  });

  test('plain numbers are compared as text', () => {
    expect(filterPasses({ filters: [readFilter('{"value":{"a":[300]}}')] }, Buffer.from('{"a":300}'), 'drop')).toBe(
      true,
    );
    expect(filterPasses({ filters: [readFilter('{"value":{"a":[300]}}')] }, Buffer.from('{"a":300.0}'), 'drop')).toBe(
      false,
    );
  });
});

test('[documented] filters: a pattern for text compares the whole value', () => {
  expect(passes({ value: ['hello', { prefix: 'pre' }] }, 'hello')).toBe(true);
  expect(passes({ value: ['hello', { prefix: 'pre' }] }, 'prefix')).toBe(true);
  expect(passes({ value: ['hello'] }, 'hello!')).toBe(false);
});

test.each([
  ['text with a JSON pattern', { value: { a: [1] } }, 'not json'],
  ['JSON with a text pattern', { value: ['x'] }, '{"a":1}'],
  ['bytes that are not UTF-8', { value: ['x'] }, Buffer.from([0xff, 0xfe])],
])('[inferred] filters: %s passes or is dropped, depending on the option', (_name, pattern, value) => {
  expect(passes(pattern, value, 'pass')).toBe(true);
  expect(passes(pattern, value, 'drop')).toBe(false);
});

test('[inferred] filters: a record without a value has no fields: only exists false matches', () => {
  expect(passes({ value: { a: [{ exists: false }] } }, null)).toBe(true);
  expect(passes({ value: { a: ['x'] } }, null, 'pass')).toBe(false);
});

test('[documented] filters: one matching filter is enough', () => {
  const criteria = { filters: [readFilter('{"value":{"a":[1]}}'), readFilter('{"value":{"a":[2]}}')] };
  expect(filterPasses(criteria, Buffer.from('{"a":2}'), 'drop')).toBe(true);
  expect(filterPasses(criteria, Buffer.from('{"a":3}'), 'drop')).toBe(false);
});

test.each([
  ['text that is not JSON', 'nonsense', /not JSON/],
  ['another attribute', '{"key":["a"]}', /by value only/],
  ['an unknown operator', '{"value":{"a":[{"wildcard":"*"}]}}', /unknown operator wildcard/],
  ['an empty list', '{"value":{"a":[]}}', /value\.a/],
  ['a bare value', '{"value":{"a":1}}', /value\.a: expected a list/],
  ['two operators', '{"value":{"a":[{"prefix":"a","suffix":"b"}]}}', /one operator/],
  ['a wrong range', '{"value":{"a":[{"numeric":[">"]}]}}', /numeric/],
])('[documented] filters: rejects %s', (_name, pattern, message) => {
  expect(() => readFilter(pattern)).toThrow(InvalidPatternError);
  expect(() => readFilter(pattern)).toThrow(message);
});
