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
    ['anything-but', { a: [{ 'anything-but': ['x', 'y'] }] }, '{"a":1}', '{"a":"y"}'],
    ['anything-but of numbers', { a: [{ 'anything-but': [1, 2] }] }, '{"a":"1"}', '{"a":2.0}'],
    ['anything-but of numbers beyond the limits', { a: [{ 'anything-but': 1 }] }, '{"a":6e9}', '{"a":1}'],
    ['anything-but needs the leaf', { a: [{ 'anything-but': 'x' }] }, '{"a":null}', '{}'],
    ['exists', { a: [{ exists: true }] }, '{"a":null}', '{"b":1}'],
    ['exists false', { a: [{ exists: false }] }, '{"b":1}', '{"a":1}'],
    ['exists applies to leaves only', { a: [{ exists: false }] }, '{"a":{"b":1}}', '{"a":0}'],
    ['numeric range', { a: [{ numeric: ['>', 0, '<=', 5] }] }, '{"a":5}', '{"a":0}'],
    ['numeric open range', { a: [{ numeric: ['>=', 0, '<', 5] }] }, '{"a":0}', '{"a":5}'],
    ['numeric to six decimal places', { a: [{ numeric: ['=', 0.1] }] }, '{"a":0.1000001}', '{"a":0.10001}'],
    ['numeric up to the limits', { a: [{ numeric: ['<=', 5e9] }] }, '{"a":5e9}', '{"a":5000000001}'],
    ['numeric from the limits on', { a: [{ numeric: ['>=', -5e9] }] }, '{"a":-5.0e9}', '{"a":-5000000001}'],
    ['numeric is for numbers', { a: [{ numeric: ['=', 1] }] }, '{"a":1}', '{"a":"1"}'],
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

describe('on Node 20, whose JSON.parse does not give the texts of numbers', () => {
  const { parse } = JSON;
  type Reviver = (this: unknown, key: string, value: unknown) => unknown;
  beforeEach(() => {
    JSON.parse = (text: string, reviver?: Reviver) =>
      parse(text, reviver && ((key, value) => reviver.call(undefined, key, value)));
  });
  afterEach(() => {
    JSON.parse = parse;
  });

  test.each([
    ['{"a":[300]}', '{"a":300}', '{"a":300.0}'],
    ['{"a":[-1.50e+3]}', '{"b":[1,{}],"a":-1.50e+3}', '{"a":"-1.50e+3"}'],
    ['{"a":[{"numeric":[">",2.5]}]}', '{"a":[1,3]}', '{"a":[1,2]}'],
    ['{"a":["\\"1\\\\"]}', '{"n":1,"a":"\\"1\\\\","m":2}', '{"a":1}'],
  ])('a record is filtered by the numbers of %s', (pattern, matching, other) => {
    const filters = [readFilter(`{"value":${pattern}}`)];
    expect(filterPasses({ filters }, Buffer.from(matching), 'drop')).toBe(true);
    expect(filterPasses({ filters }, Buffer.from(other), 'drop')).toBe(false);
  });

  test.each(['{1:"a"}', '{"a":01}', '{"a":1.}', '{"a":1'])('%s is not JSON', (value) => {
    expect(passes({ value: { a: [{ exists: true }] } }, value)).toBe(false);
    expect(passes({ value: [{ exists: true }] }, value)).toBe(true);
  });
});

describe('[documented] filters: lists, as event-ruler flattens them', () => {
  test.each<[string, object, string, string]>([
    ['a list in a list', { a: ['x'] }, '{"a":[["w"],["x"]]}', '{"a":[["w"],["y"]]}'],
    ['a list in lists of any depth', { a: ['x'] }, '{"a":[[["w",["x"]]]]}', '{"a":[[["w",["y"]]]]}'],
    ['objects in lists in lists', { a: { b: [1] } }, '{"a":[[{"b":2}],[{"b":1}]]}', '{"a":[[{"b":2}],[{"c":1}]]}'],
    [
      'fields of one element of a list',
      { a: { x: [1], y: [2] } },
      '{"a":[{"x":1,"y":2},{"x":0}]}',
      '{"a":[{"x":1,"y":0},{"x":0,"y":2}]}',
    ],
    [
      'fields of one element of a list in a list',
      { a: { x: [1], y: [2] } },
      '{"a":[[{"x":3}],[{"x":1,"y":2}]]}',
      '{"a":[[{"x":1},{"y":2}]]}',
    ],
    [
      'elements of different lists in a list',
      { a: { x: [1], y: [2] } },
      '{"a":[[{"x":0}],[{"x":1,"y":2}]]}',
      '{"a":[[{"x":1}],[{"y":2}]]}',
    ],
    ['a plain value beside an object of its list', { a: [1], 'a.b': [2] }, '{"a":[1,{"b":2}]}', '{"a":[0,{"b":2}]}'],
    [
      'fields of different lists',
      { a: { x: [1] }, b: { y: [2] } },
      '{"a":[{"x":0},{"x":1}],"b":[{"y":2},{"y":0}]}',
      '{"a":[{"x":1}],"b":[{"y":0}]}',
    ],
    ['values of a list together', { a: ['x'], b: ['y'] }, '{"a":["w","x"],"b":["y","z"]}', '{"a":["w","x"],"b":["z"]}'],
    ['a list at the top', { x: [1], y: [2] }, '[{"x":0},{"x":1,"y":2}]', '[{"x":1},{"y":2}]'],
    ['exists false of an empty list', { a: [{ exists: false }] }, '{"a":[]}', '{"a":[[0]]}'],
    [
      'exists false of the element that the earlier fields match',
      { a: { x: [1], y: [{ exists: false }] } },
      '{"a":[{"x":1},{"x":2,"y":2}]}',
      '{"a":[{"x":1,"y":2},{"x":2}]}',
    ],
    [
      'exists false of all elements before another field matches',
      { a: { x: [1], b: [{ exists: false }] } },
      '{"a":[{"x":1},{"x":2}]}',
      '{"a":[{"x":1},{"b":2}]}',
    ],
    [
      '$or of fields in a list',
      { a: { $or: [{ x: [1] }, { y: [2] }], z: [3] } },
      '{"a":[{"y":2,"z":3}]}',
      '{"a":[{"y":2},{"z":3}]}',
    ],
    ['a name with a dot is as good as two names', { a: { b: [1] } }, '{"a.b":1}', '{"a.c":1}'],
  ])('%s', (_name, pattern, matching, other) => {
    expect(passes({ value: pattern }, matching)).toBe(true);
    expect(passes({ value: pattern }, other)).toBe(false);
  });

  test.each([1_000, 100_000])('%d lists in one another do not end the process', (depth) => {
    const value = `{"a":${'['.repeat(depth)}"x"${']'.repeat(depth)}}`;
    // Beyond the depth that can be parsed, the value counts as text.
    expect(passes({ value: { a: ['x'] } }, value)).toBe(depth < 10_000);
  });

  test('many elements of many lists are matched in time', () => {
    const list = Array.from({ length: 1_000 }, (_, index) => ({ x: index, y: 0 }));
    const pattern = { a: { x: [999], y: [1] }, b: { x: [999], y: [0] } };
    expect(passes({ value: pattern }, JSON.stringify({ a: list, b: list }))).toBe(false);
    expect(passes({ value: { ...pattern, a: { x: [999], y: [0] } } }, JSON.stringify({ a: list, b: list }))).toBe(true);
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
  ['a list', '["a"]', /the pattern is not a JSON object/],
  ['an empty list of text', '{"value":[]}', /value: an empty list matches nothing/],
  ['a bare value of the record', '{"value":1}', /value: expected an object or a list of values/],
  ['an empty object', '{"value":{"a":{}}}', /value\.a: an empty object matches nothing/],
  ['a list in a list', '{"value":{"a":[["b"]]}}', /value\.a: expected a value or an operator, found a list/],
  ['one alternative', '{"value":{"$or":[{"a":[1]}]}}', /value\.\$or: expected a list of at least two patterns/],
  ['an alternative that is no object', '{"value":{"$or":[{"a":[1]},1]}}', /value\.\$or\[1\]: expected an object/],
  ['an unknown operator', '{"value":{"a":[{"wildcard":"*"}]}}', /unknown operator wildcard/],
  ['an empty list', '{"value":{"a":[]}}', /value\.a/],
  ['a bare value', '{"value":{"a":1}}', /value\.a: expected a list/],
  ['two operators', '{"value":{"a":[{"prefix":"a","suffix":"b"}]}}', /one operator/],
  ['a prefix that is no string', '{"value":{"a":[{"prefix":1}]}}', /value\.a: prefix: expected a string, found 1/],
  ['exists of text', '{"value":{"a":[{"exists":"yes"}]}}', /exists: expected true or false, found "yes"/],
  [
    'strings and numbers',
    '{"value":{"a":[{"anything-but":["x",1]}]}}',
    /strings only, or numbers .* only, found \["x",1\]/,
  ],
  ['anything-but null', '{"value":{"a":[{"anything-but":null}]}}', /anything-but: .*, found null/],
])('[documented] filters: rejects %s', (_name, pattern, message) => {
  expect(() => readFilter(pattern)).toThrow(InvalidPatternError);
  expect(() => readFilter(pattern)).toThrow(message);
});

test.each([
  ['1', /a list like \[">", 0, "<=", 5\], found 1/],
  ['[]', /one of = < <= > >=, found nothing/],
  ['[">"]', /a number after >, found nothing/],
  ['[">","0"]', /a number after >, found "0"/],
  ['["!=",0]', /one of = < <= > >=, found "!="/],
  ['[0,">"]', /one of = < <= > >=, found 0/],
  ['["=",1,"<",2]', /one comparison with =; a range starts with ">" or ">=", found \["=",1,"<",2\]/],
  ['["<",5,">",0]', /one comparison with </],
  ['["<=",5,">=",0]', /one comparison with <=/],
  ['[">",0,">",5]', /one of < <=, found ">"/],
  ['[">",0,"=",5]', /one of < <=, found "="/],
  ['[">",0,"<"]', /a number after <, found nothing/],
  ['[">",0,"<",5,"<",6]', /at most two comparisons/],
  ['[">",5,"<",0]', /the lower bound to be less than the upper one, found \[">",5,"<",0\]/],
  ['[">=",5,"<=",5]', /the lower bound to be less than the upper one/],
  ['["=",5000000001]', /a number from -5\.0e9 to 5\.0e9, found 5000000001/],
  ['[">",-5.1e9]', /a number from -5\.0e9 to 5\.0e9, found -5100000000/],
])('[documented] filters: rejects numeric %s', (argument, message) => {
  const pattern = `{"value":{"a":[{"numeric":${argument}}]}}`;
  expect(() => readFilter(pattern)).toThrow(InvalidPatternError);
  expect(() => readFilter(pattern)).toThrow(message);
  expect(() => readFilter(pattern)).toThrow('value.a: numeric: expected ');
});
