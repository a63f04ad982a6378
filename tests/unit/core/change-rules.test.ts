import { parseChangeRules, violatedRule } from '../../../functions/core/change-rules.ts';
import type { Employee, EmployeeChange } from '../../../functions/core/employee-change.ts';

const change = (fields: Partial<Employee>, action: EmployeeChange['action'] = 'INSERT'): EmployeeChange => ({
  ...{ epoch: 1n, changeId: 1n, action },
  employee: {
    ...{ empId: 1, firstName: null, lastName: null, dob: '2008-01-01', city: null, salary: 10_001 },
    ...fields,
  },
});
// Parsed in each test, so that an error of the parser fails a test.
const allRules = () => parseChangeRules('noNegativeEmpId, salaryAbove=10000 ,bornAfter=2007');

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
])('%j violates %s', (fields, rule) => {
  expect(violatedRule(allRules(), change(fields))?.name).toBe(rule);
});

test('no value violates a limit, also where 0 would not', () => {
  const [salaryAbove] = parseChangeRules('salaryAbove=-1');
  expect(salaryAbove?.allows(change({ salary: null }).employee)).toBe(false);
  expect(salaryAbove?.allows(change({ salary: 0 }).employee)).toBe(true);
});

test('a rule says in words what it expects', () => {
  expect(allRules().map(({ expectation }) => expectation)).toEqual([
    'an emp_id of 0 or more',
    'a salary above 10000',
    'a date of birth after the year 2007',
  ]);
});

test('the parameter of a rule may have blanks around =', () => {
  expect(parseChangeRules('salaryAbove = 5,bornAfter =  -1').map(({ expectation }) => expectation)).toEqual([
    'a salary above 5',
    'a date of birth after the year -1',
  ]);
});

test('a deletion violates no rule', () => {
  expect(violatedRule(allRules(), change({ empId: -1, salary: 0 }, 'DELETE'))).toBeUndefined();
});

test('an empty configuration has no rules', () => {
  expect(parseChangeRules(' , ')).toEqual([]);
});

test.each([
  ['salaryAbove', /"salaryAbove" is not a rule; expected for example salaryAbove=10000$/],
  ['bornAfter', /"bornAfter" is not a rule; expected for example bornAfter=2007$/],
  ['salaryAbove=much', /"salaryAbove=much" is not a rule/],
  ['salaryAbove=5x', /"salaryAbove=5x" is not a rule/],
  ['salaryAbove+=5', /is not a rule/],
  ['-salaryAbove=5', /is not a rule/],
  ['noNegativeEmpId=1', /"noNegativeEmpId=1" is not a rule; expected for example noNegativeEmpId$/],
  ['NoNegativeEmpId', /expected some of noNegativeEmpId,salaryAbove=10000,bornAfter=2007$/],
  ['toString', /is not a rule/],
  ['bornAfter=2007,bornAfter=2008', /given twice/],
])('refuses %s and says what is possible', (configuration, message) => {
  expect(() => parseChangeRules(configuration)).toThrow(message);
});
