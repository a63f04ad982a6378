import { validateChanges } from '../../../functions/apply-changes/validate-changes.ts';
import { parseChangeRules } from '../../../functions/core/change-rules.ts';
import { changeRecord, snapshotEndRecord, truncateRecord } from '../../support/cdc/change-records.ts';

const rules = parseChangeRules('noNegativeEmpId,salaryAbove=10');

test('sorts records into valid and violating changes, and keeps their order', () => {
  const [good, poor, truncate, deletion, end] = [
    changeRecord(1, { salary: 11 }),
    changeRecord(2, { salary: 10 }),
    truncateRecord(5),
    changeRecord(-3, { action: 'DELETE' }),
    snapshotEndRecord(1, 0, 1),
  ];
  const { valid, violating, deadLetters } = validateChanges([good, poor, truncate, deletion, end], rules);

  expect(valid.map(({ record }) => record)).toEqual([good, truncate, deletion, end]);
  expect(violating).toEqual([{ change: expect.objectContaining({ action: 'UPDATE' }), record: poor }]);
  expect(valid.map(({ change }) => change.action)).toEqual(['UPDATE', 'TRUNCATE', 'DELETE', 'SNAPSHOT_END']);
  expect(deadLetters).toEqual([
    {
      code: 'salaryAbove',
      rule: 'salaryAbove',
      reason: 'rule salaryAbove expects a salary above 10',
      origin: { topic: 'employee-changes', partition: 0, offset: poor.offset },
      key: Buffer.from('2'),
      payload: poor.value,
    },
  ]);
});

test('makes a dead letter of each record that cannot be decoded, in the order of the records', () => {
  const [empty, negative, noKey] = [
    { ...changeRecord(1, { salary: 11 }), value: null },
    changeRecord(-1, { salary: 11 }),
    { ...changeRecord(1, { salary: 11 }), key: null },
  ];
  const { valid, deadLetters } = validateChanges([empty, negative, noKey], rules);

  expect(valid).toEqual([]);
  expect(deadLetters.map(({ code }) => code)).toEqual(['PIPE_CHANGE_UNREADABLE', 'noNegativeEmpId', 'PIPE_CHANGE_KEY']);
  expect(deadLetters[0]).toMatchObject({
    reason: 'expected a change as a JSON object, got a record without a value',
    origin: { offset: empty.offset },
    payload: null,
  });
});

test('retains the employees of a snapshot whose images become dead letters, where the record says which', () => {
  const image = (empId: number, fields = {}) => changeRecord(empId, { action: 'SNAPSHOT', epoch: 7, ...fields });
  const { retained, deadLetters } = validateChanges(
    [
      image(1, { salary: 10 }),
      image(2, { city: 'x'.repeat(101) }),
      { ...image(3), value: Buffer.from('{') },
      { ...image(4, { city: 'x'.repeat(101) }), key: Buffer.from('04') },
      { ...image(5, { city: 'x'.repeat(101) }), key: null },
      changeRecord(6, { city: 'x'.repeat(101) }),
      changeRecord(7, { salary: 10 }),
      { ...image(8), value: Buffer.from('{"action":"SNAPSHOT","epoch":7}') },
      image(9, { salary: 11 }),
    ],
    rules,
  );
  expect(retained).toEqual([
    { empId: 1, epoch: 7n },
    { empId: 2, epoch: 7n },
  ]);
  expect(deadLetters).toHaveLength(8);
});

test('passes on an error that is not about the record', () => {
  const broken = {
    name: 'broken',
    expectation: 'nothing',
    allows: () => {
      throw new TypeError('a fault of the program');
    },
  };

  expect(() => validateChanges([changeRecord(1)], [broken])).toThrow('a fault of the program');
});
