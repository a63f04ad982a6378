import { decodeChange, undecodableSnapshot } from '../../../functions/core/change-record.ts';
import { changeEncoder, encodeSnapshotEnd } from '../../../functions/core/employee-change.ts';
import { InputError } from '../../../functions/core/errors.ts';
import type { KafkaRecord } from '../../../functions/core/kafka-record.ts';
import { CAPTURED } from '../../fixtures/captured-change.ts';

function record(value: string | Buffer | null, key: string | null = '-5', partition = 0): KafkaRecord {
  return {
    ...{ topic: 'employee-changes', partition, offset: '1', timestampMs: 0 },
    key: key === null ? null : Buffer.from(key),
    value: value === null ? null : Buffer.from(value),
  };
}

const encode = changeEncoder(1_795_371_622_846n);
const message = () => JSON.parse(encode(CAPTURED)) as Record<string, unknown> & { employee: Record<string, unknown> };
const withField = (fields: object) => record(JSON.stringify({ ...message(), ...fields }));
const withEmployee = (fields: object) => withField({ employee: { ...message().employee, ...fields } });

const snapshotEnd = (fields: object, partition = 0) =>
  record(
    JSON.stringify({ ...JSON.parse(encodeSnapshotEnd(5n, 3, '2026-01-31 10:20:30+00')), ...fields }),
    null,
    partition,
  );

test('reads what was encoded, with ids above 2^53', () => {
  expect(decodeChange(record(encode(CAPTURED)))).toEqual({
    epoch: 1_795_371_622_846n,
    changeId: 9_007_199_254_740_993n,
    action: 'UPDATE',
    employee: message().employee,
    changedAtMs: Date.UTC(2026, 0, 31, 10, 20, 30, 123),
  });
});

test.each(['INSERT', 'UPDATE', 'DELETE', 'SNAPSHOT'] as const)('reads a change of action %s', (action) => {
  expect(decodeChange(withField({ action }))).toMatchObject({ action, employee: { empId: -5 } });
});

test('reads TRUNCATE and SNAPSHOT_END, which belong to no employee', () => {
  expect(decodeChange(record(encode({ ...CAPTURED, action: 'TRUNCATE', empId: 7 }), null))).toEqual({
    epoch: 1_795_371_622_846n,
    changeId: 9_007_199_254_740_993n,
    action: 'TRUNCATE',
    changedAtMs: Date.UTC(2026, 0, 31, 10, 20, 30, 123),
  });
  expect(decodeChange(snapshotEnd({}, 2))).toEqual({
    epoch: 5n,
    changeId: 0n,
    action: 'SNAPSHOT_END',
    partitions: 3,
  });
});

test.each(['infinity', '294276-12-31T23:59:59Z', '4713-01-01 00:00:00+00 BC', 'once'])(
  'reads a change at %s, which is no instant',
  (changedAt) => {
    expect(decodeChange(withField({ changedAt }))).toMatchObject({ action: 'UPDATE', changedAtMs: undefined });
  },
);

test('an image of a snapshot has no instant, because it was not changed then', () => {
  expect(decodeChange(withField({ action: 'SNAPSHOT' }))).not.toHaveProperty('changedAtMs');
});

test('unknown fields are ignored', () => {
  expect(decodeChange(withField({ more: 1 }))).toMatchObject({ action: 'UPDATE' });
});

test.each([
  { firstName: '🚀'.repeat(100) },
  { city: 'x'.repeat(100) },
  { lastName: null },
  { salary: 2_147_483_647 },
  { salary: null },
  { dob: 'infinity' },
  { dob: '5874897-12-31' },
  { dob: '4714-11-24 BC' },
  { dob: null },
])('accepts the limit %j', (fields) => {
  expect(decodeChange(withEmployee(fields))).toMatchObject({ employee: fields });
});

test.each([{ changeId: '9223372036854775807' }, { changeId: '0' }, { epoch: '9223372036854775807' }])(
  'accepts the limit %j',
  (fields) => {
    expect(decodeChange(withField(fields))).toMatchObject(
      Object.fromEntries(Object.entries(fields).map(([name, text]) => [name, BigInt(text)])),
    );
  },
);

const INT64 = 'decimal text from 0 to 9223372036854775807';
const DATE = 'dob of a change to be a date in the format of the database, e.g. 2008-02-29, or null';
const SALARY = 'salary of a change to be a 32-bit integer or null';
const ACTIONS = 'INSERT, UPDATE, DELETE, SNAPSHOT, TRUNCATE or SNAPSHOT_END';

test.each([
  ['no value', record(null), 'PIPE_CHANGE_UNREADABLE', 'expected a change as a JSON object'],
  ['text that is not JSON', record('{'), 'PIPE_CHANGE_UNREADABLE', 'expected a change as a JSON object'],
  [
    'no key',
    record(encode(CAPTURED), null),
    'PIPE_CHANGE_KEY',
    'expected the empId of the change as the record key: -5',
  ],
  ['an empty key', record(encode(CAPTURED), ''), 'PIPE_CHANGE_KEY', 'as the record key: -5'],
  ['the key of another employee', record(encode(CAPTURED), '5'), 'PIPE_CHANGE_KEY', 'as the record key: -5'],
  ['another schema', withField({ schema: 2 }), 'PIPE_CHANGE_FIELD', 'field schema of a change to be 1'],
  ['no action', withField({ action: undefined }), 'PIPE_CHANGE_ACTION', `${ACTIONS}, got undefined`],
  ['null as action', withField({ action: null }), 'PIPE_CHANGE_ACTION', `${ACTIONS}, got null`],
  ['a number as action', withField({ action: 7 }), 'PIPE_CHANGE_ACTION', `${ACTIONS}, got number`],
  ['a lower-case action', withField({ action: 'update' }), 'PIPE_CHANGE_ACTION', `${ACTIONS}, got another text`],
  ['an inherited name as action', withField({ action: 'constructor' }), 'PIPE_CHANGE_ACTION', 'got another text'],
  [
    'a change id that is a number',
    withField({ changeId: 7 }),
    'PIPE_CHANGE_FIELD',
    `changeId of a change to be ${INT64}`,
  ],
  ['a change id above 64 bits', withField({ changeId: '9223372036854775808' }), 'PIPE_CHANGE_FIELD', 'changeId'],
  [
    'an epoch above 64 bits',
    withField({ epoch: '9223372036854775808' }),
    'PIPE_CHANGE_FIELD',
    `epoch of a change to be ${INT64}`,
  ],
  ['a negative epoch', withField({ epoch: '-1' }), 'PIPE_CHANGE_FIELD', 'epoch'],
  ['an epoch with a leading zero', withField({ epoch: '01' }), 'PIPE_CHANGE_FIELD', 'epoch'],
  ['a change id after a blank', withField({ changeId: ' 7' }), 'PIPE_CHANGE_FIELD', 'changeId'],
  ['a change id before a blank', withField({ changeId: '7 ' }), 'PIPE_CHANGE_FIELD', 'changeId'],
  ['no time', withField({ changedAt: null }), 'PIPE_CHANGE_FIELD', 'changedAt of a change to be a timestamp as text'],
  ['no employee', withField({ employee: null }), 'PIPE_CHANGE_FIELD', 'employee of a change to be an object'],
  ['a text as employee', withField({ employee: 'x' }), 'PIPE_CHANGE_FIELD', 'employee of a change to be an object'],
  ['an array as employee', withField({ employee: [] }), 'PIPE_CHANGE_FIELD', 'employee of a change to be an object'],
  [
    'an employee with TRUNCATE',
    withField({ action: 'TRUNCATE' }),
    'PIPE_CHANGE_FIELD',
    'field employee of a change to be null with TRUNCATE',
  ],
  [
    'an employee with SNAPSHOT_END',
    snapshotEnd({ employee: {} }),
    'PIPE_CHANGE_FIELD',
    'field employee of a change to be null with SNAPSHOT_END',
  ],
  [
    'no number of partitions',
    snapshotEnd({ partitions: null }),
    'PIPE_CHANGE_FIELD',
    'partitions of a change to be an integer above 0',
  ],
  [
    'fewer partitions than its own',
    snapshotEnd({}, 3),
    'PIPE_CHANGE_FIELD',
    'an integer above 3, the partition of the record',
  ],
  ['an emp_id as text', withEmployee({ empId: '-5' }), 'PIPE_CHANGE_FIELD', 'empId of a change to be a 32-bit integer'],
  ['an emp_id above 32 bits', withEmployee({ empId: 2_147_483_648 }), 'PIPE_CHANGE_FIELD', 'empId'],
  ['no city', withEmployee({ city: undefined }), 'PIPE_CHANGE_FIELD', 'city of a change to be text or null'],
  ['a number as city', withEmployee({ city: 7 }), 'PIPE_CHANGE_FIELD', 'city of a change to be text or null'],
  ['no salary', withEmployee({ salary: undefined }), 'PIPE_CHANGE_FIELD', SALARY],
  ['a salary as text', withEmployee({ salary: '1' }), 'PIPE_CHANGE_FIELD', SALARY],
  ['a salary with a fraction', withEmployee({ salary: 1.5 }), 'PIPE_CHANGE_FIELD', SALARY],
  ['a salary below 32 bits', withEmployee({ salary: -2_147_483_649 }), 'PIPE_CHANGE_FIELD', SALARY],
  [
    '101 characters',
    withEmployee({ firstName: 'x'.repeat(101) }),
    'PIPE_CHANGE_FIELD',
    'firstName of a change to be text of at most 100',
  ],
  [
    '101 code points',
    withEmployee({ city: '🚀'.repeat(101) }),
    'PIPE_CHANGE_FIELD',
    'city of a change to be text of at most 100',
  ],
  ['U+0000', withEmployee({ firstName: 'a\0' }), 'PIPE_CHANGE_FIELD', 'text without U+0000 and lone surrogates'],
  [
    'a lone surrogate',
    withEmployee({ lastName: '\ud83d' }),
    'PIPE_CHANGE_FIELD',
    'lastName of a change to be text without',
  ],
  ['a day that does not exist', withEmployee({ dob: '2023-02-29' }), 'PIPE_CHANGE_FIELD', DATE],
  ['input that the database never writes', withEmployee({ dob: 'today' }), 'PIPE_CHANGE_FIELD', DATE],
  ['a number as dob', withEmployee({ dob: 20_080_229 }), 'PIPE_CHANGE_FIELD', DATE],
  ['no dob', withEmployee({ dob: undefined }), 'PIPE_CHANGE_FIELD', DATE],
])('refuses %s without quoting values', (_, bad, code, message) => {
  expect(() => decodeChange(bad)).toThrow(
    expect.objectContaining({ code, retry: 'never', message: expect.stringContaining(message) }),
  );
  expect(() => decodeChange(bad)).toThrow(expect.objectContaining({ message: expect.not.stringContaining('Zo') }));
});

test('the error of a field names it in its context', () => {
  expect(() => decodeChange(withField({ epoch: null }))).toThrow(
    expect.objectContaining({ context: { field: 'epoch' } }),
  );
});

describe('a SNAPSHOT record that cannot be decoded', () => {
  const snapshot = (fields: object = {}, key: string | null = '-5') =>
    undecodableSnapshot(record(JSON.stringify({ ...message(), action: 'SNAPSHOT', employee: 'x', ...fields }), key));

  it('has a readable employee and epoch', () => {
    expect(snapshot()).toEqual({ empId: -5, epoch: 1_795_371_622_846n });
  });

  it.each(['', 'x', '5.5', '05', '2147483648', null])('has no readable employee with key %j', (key) => {
    expect(snapshot({}, key)).toBeUndefined();
  });

  it.each([{ action: 'UPDATE' }, { epoch: 'x' }, { epoch: undefined }])('is not recognized with %j', (fields) => {
    expect(snapshot(fields)).toBeUndefined();
  });

  it('is not recognized when it is no JSON object', () => {
    expect(undecodableSnapshot(record('text'))).toBeUndefined();
    expect(undecodableSnapshot(record(null))).toBeUndefined();
  });

  it('does not hide an error of another kind', () => {
    const broken = {
      ...record('{}'),
      get value(): never {
        throw new TypeError('a defect');
      },
    };
    expect(() => undecodableSnapshot(broken)).toThrow('a defect');
  });
});

test('the fault of a record is thrown before the record is read', () => {
  const fault = new InputError('PIPE_DEAD_LETTER_CUT', 'expected a whole payload');
  expect(() => decodeChange({ ...record(encode(CAPTURED)), fault })).toThrow(fault);
});
