import { parseChangeRules, violatedRule } from '../../../functions/core/change-rules.ts';
import type { Employee, EmployeeChange } from '../../../functions/core/employee-change.ts';

const change = (fields: Partial<Employee>, action: EmployeeChange['action'] = 'INSERT'): EmployeeChange => ({
  ...{ epoch: 1n, changeId: 1n, action },
  employee: {
    ...{ empId: 1, firstName: null, lastName: null, dob: '2008-01-01', city: null, salary: 10_001 },
    ...fields,
  },
});
const ALL = parseChangeRules('noNegativeEmpId, salaryAbove=10000 ,bornAfter=2007');

test.each<[Partial<Employee>, string | undefined]>([
  [{}, undefined],
  [{ empId: 0 }, undefined],
  [{ empId: -1 }, 'noNegativeEmpId'],
  [{ salary: 10_000 }, 'salaryAbove'],
  [{ salary: null }, 'salaryAbove'],
  [{ dob: '2007-12-31' }, 'bornAfter'],
  [{ dob: '2008-01-01 BC' }, 'bornAfter'],
  [{ dob: null }, 'bornAfter'],
  [{ dob: 'infinity' }, undefined],
  [{ dob: '-infinity' }, 'bornAfter'],
])('%j breaks %s', (fields, rule) => {
  expect(violatedRule(ALL, change(fields))?.name).toBe(rule);
});

test('a deletion is never held back', () => {
  expect(violatedRule(ALL, change({ empId: -1, salary: 0 }, 'DELETE'))).toBeUndefined();
});

test('no rule at all is a choice', () => {
  expect(parseChangeRules(' , ')).toEqual([]);
});

test.each([
  ['salaryAbove', /salaryAbove=10000/],
  ['salaryAbove=much', /"salaryAbove=much" is not a rule/],
  ['noNegativeEmpId=1', /noNegativeEmpId/],
  ['NoNegativeEmpId', /noNegativeEmpId,salaryAbove=10000,bornAfter=2007/],
  ['toString', /is not a rule/],
  ['bornAfter=2007,bornAfter=2008', /given twice/],
])('%s is refused with what to write', (configuration, message) => {
  expect(() => parseChangeRules(configuration)).toThrow(message);
});
