import { decodeChange } from '../../../functions/core/change-record.ts';
import {
  type CapturedChange,
  changeEncoder,
  changeKey,
  encodeSnapshotEnd,
} from '../../../functions/core/employee-change.ts';
import type { KafkaRecord } from '../../../functions/core/kafka-record.ts';

const CAPTURED: CapturedChange = {
  changeId: '9007199254740993',
  empId: -5,
  firstName: 'Zoë "\\\u0001',
  lastName: '',
  dob: '4713-01-01 BC',
  city: null,
  salary: -2_147_483_648,
  action: 'UPDATE',
  changedAt: '2026-01-31 10:20:30.123456+00',
};

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

test('the message is what it is said to be', () => {
  expect(message()).toEqual({
    schema: 1,
    epoch: '1795371622846',
    changeId: '9007199254740993',
    action: 'UPDATE',
    employee: {
      empId: -5,
      firstName: 'Zoë "\\\u0001',
      lastName: '',
      dob: '4713-01-01 BC',
      city: null,
      salary: -2_147_483_648,
    },
    changedAt: '2026-01-31T10:20:30.123456Z',
  });
  expect(changeKey(CAPTURED)).toBe('-5');
});

test('reads what was written, with ids beyond what a number holds', () => {
  expect(decodeChange(record(encode(CAPTURED)))).toEqual({
    epoch: 1_795_371_622_846n,
    changeId: 9_007_199_254_740_993n,
    action: 'UPDATE',
    employee: message().employee,
  });
});

test('a truncate and the end of a snapshot belong to no employee', () => {
  const truncate = { ...CAPTURED, action: 'TRUNCATE', empId: 7 };
  expect(changeKey(truncate)).toBeNull();
  expect(decodeChange(record(encode(truncate), null))).toMatchObject({ action: 'TRUNCATE' });
  const end = encodeSnapshotEnd(5n, 3, '2026-01-31 10:20:30+00');
  expect(decodeChange(record(end, null, 2))).toEqual({
    ...{ epoch: 5n, changeId: 0n, action: 'SNAPSHOT_END', partitions: 3 },
  });
  expect(() => decodeChange(record(end, null, 3))).toThrow(/partitions/);
});

test('unknown fields are ignored', () => {
  expect(decodeChange(withField({ more: 1 }))).toMatchObject({ action: 'UPDATE' });
});

test('the limits pass', () => {
  for (const fields of [
    { firstName: '🚀'.repeat(100) },
    { salary: 2_147_483_647 },
    { salary: null },
    { dob: 'infinity' },
    { dob: '5874897-12-31' },
    { dob: '4714-11-24 BC' },
    { dob: '2000-02-29' },
  ]) {
    expect(decodeChange(withEmployee(fields))).toMatchObject({ employee: fields });
  }
});

test.each([
  ['a value that is absent', record(null), 'PIPE_CHANGE_UNREADABLE'],
  ['an empty value', record(''), 'PIPE_CHANGE_UNREADABLE'],
  ['no JSON', record('{'), 'PIPE_CHANGE_UNREADABLE'],
  ['a byte order mark', record(`\ufeff${encode(CAPTURED)}`), 'PIPE_CHANGE_UNREADABLE'],
  ['no UTF-8', record(Buffer.from([0xff])), 'PIPE_CHANGE_UNREADABLE'],
  ['an array', record('[]'), 'PIPE_CHANGE_UNREADABLE'],
  ['null', record('null'), 'PIPE_CHANGE_UNREADABLE'],
  ['no key', record(encode(CAPTURED), null), 'PIPE_CHANGE_KEY'],
  ['an empty key', record(encode(CAPTURED), ''), 'PIPE_CHANGE_KEY'],
  ['the key of another employee', record(encode(CAPTURED), '5'), 'PIPE_CHANGE_KEY'],
  ['another schema', withField({ schema: 2 }), 'PIPE_CHANGE_FIELD'],
  ['no action', withField({ action: undefined }), 'PIPE_CHANGE_ACTION'],
  ['a lower-case action', withField({ action: 'update' }), 'PIPE_CHANGE_ACTION'],
  ['an inherited name as action', withField({ action: 'constructor' }), 'PIPE_CHANGE_ACTION'],
  ['a change id that is a number', withField({ changeId: 7 }), 'PIPE_CHANGE_FIELD'],
  ['a change id beyond 64 bits', withField({ changeId: '9223372036854775808' }), 'PIPE_CHANGE_FIELD'],
  ['an epoch beyond 64 bits', withField({ epoch: '9223372036854775808' }), 'PIPE_CHANGE_FIELD'],
  ['a negative epoch', withField({ epoch: '-1' }), 'PIPE_CHANGE_FIELD'],
  ['a change id with blanks', withField({ changeId: ' 7' }), 'PIPE_CHANGE_FIELD'],
  ['no time', withField({ changedAt: null }), 'PIPE_CHANGE_FIELD'],
  ['no employee', withField({ employee: null }), 'PIPE_CHANGE_FIELD'],
  ['an employee with a truncate', withField({ action: 'TRUNCATE' }), 'PIPE_CHANGE_FIELD'],
  ['an emp_id as text', withEmployee({ empId: '-5' }), 'PIPE_CHANGE_FIELD'],
  ['an emp_id beyond 32 bits', withEmployee({ empId: 2_147_483_648 }), 'PIPE_CHANGE_FIELD'],
  ['a missing nullable field', withEmployee({ city: undefined }), 'PIPE_CHANGE_FIELD'],
  ['a missing salary', withEmployee({ salary: undefined }), 'PIPE_CHANGE_FIELD'],
  ['a salary as text', withEmployee({ salary: '1' }), 'PIPE_CHANGE_FIELD'],
  ['a broken salary', withEmployee({ salary: 1.5 }), 'PIPE_CHANGE_FIELD'],
  ['a salary beyond 32 bits', withEmployee({ salary: -2_147_483_649 }), 'PIPE_CHANGE_FIELD'],
  ['a name of 101 characters', withEmployee({ firstName: 'x'.repeat(101) }), 'PIPE_CHANGE_FIELD'],
  ['a name with U+0000', withEmployee({ firstName: 'a\0' }), 'PIPE_CHANGE_FIELD'],
  ['half a surrogate pair', withEmployee({ lastName: '\ud83d' }), 'PIPE_CHANGE_FIELD'],
  ['an impossible day', withEmployee({ dob: '2023-02-29' }), 'PIPE_CHANGE_FIELD'],
  ['a month 13', withEmployee({ dob: '2023-13-01' }), 'PIPE_CHANGE_FIELD'],
  ['a year 0', withEmployee({ dob: '0000-01-01' }), 'PIPE_CHANGE_FIELD'],
  ['a date that only the database knows', withEmployee({ dob: 'today' }), 'PIPE_CHANGE_FIELD'],
  ['a date before all dates', withEmployee({ dob: '4714-11-23 BC' }), 'PIPE_CHANGE_FIELD'],
  ['a date behind all dates', withEmployee({ dob: '5874898-01-01' }), 'PIPE_CHANGE_FIELD'],
])('%s is refused, and no value is told', (_, bad, code) => {
  expect(() => decodeChange(bad)).toThrow(expect.objectContaining({ code, retry: 'never' }));
  expect(() => decodeChange(bad)).not.toThrow(/Zo/);
});
