import {
  type CapturedChange,
  changeEncoder,
  changeKey,
  encodeSnapshotEnd,
  isEmployeeChange,
} from '../../../functions/core/employee-change.ts';
import { CAPTURED } from '../../fixtures/captured-change.ts';

const encode = (fields: Partial<CapturedChange> = {}) =>
  JSON.parse(changeEncoder(1_795_371_622_846n)({ ...CAPTURED, ...fields })) as Record<string, unknown>;

test('the message has 64-bit numbers as text and the time in ISO 8601', () => {
  expect(encode()).toEqual({
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
});

test('a row that was written by hand is encoded with its missing values', () => {
  expect(encode({ empId: null, action: null, salary: null })).toMatchObject({
    action: null,
    employee: { empId: null, salary: null },
  });
});

test('a TRUNCATE has no employee', () => {
  expect(encode({ action: 'TRUNCATE', empId: null })).toMatchObject({ action: 'TRUNCATE', employee: null });
});

test.each([
  ['infinity'],
  ['-infinity'],
  ['2026-01-31 10:20:30+01'],
  ['12026-01-31 10:20:30+00'],
  ['0044-03-15 10:20:30+00 BC'],
])('a time that ISO 8601 has no short form for stays as it is: %s', (changedAt) => {
  expect(encode({ changedAt })['changedAt']).toBe(changedAt);
});

test('the end of a snapshot is a message without employee', () => {
  expect(JSON.parse(encodeSnapshotEnd(5n, 3, '2026-01-31 10:20:30+00'))).toEqual({
    schema: 1,
    epoch: '5',
    changeId: '0',
    action: 'SNAPSHOT_END',
    employee: null,
    partitions: 3,
    changedAt: '2026-01-31T10:20:30Z',
  });
});

test('the key is the id of the employee, and a change of no employee has none', () => {
  expect(changeKey(CAPTURED)).toBe('-5');
  expect(changeKey({ ...CAPTURED, empId: 0 })).toBe('0');
  expect(changeKey({ ...CAPTURED, empId: null })).toBeNull();
  expect(changeKey({ ...CAPTURED, action: 'TRUNCATE' })).toBeNull();
});

test('TRUNCATE and SNAPSHOT_END are no changes of one employee', () => {
  const version = { epoch: 1n, changeId: 1n };
  const employee = { empId: 1, firstName: null, lastName: null, dob: null, city: null, salary: null };

  for (const action of ['INSERT', 'UPDATE', 'DELETE', 'SNAPSHOT'] as const) {
    expect(isEmployeeChange({ ...version, action, employee })).toBe(true);
  }
  expect(isEmployeeChange({ ...version, action: 'TRUNCATE' })).toBe(false);
  expect(isEmployeeChange({ ...version, action: 'SNAPSHOT_END', partitions: 1 })).toBe(false);
});
