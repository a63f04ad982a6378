import { nearestNames } from '../../../functions/core/nearest-names.ts';

const KNOWN = ['PIPE_CHANGE_FIELD', 'PIPE_CHANGE_KEY', 'PIPE_ROW_SALARY', 'noNegativeEmpId', 'salaryAbove'];

it.each([
  ['PIPE_CHANGE_FEILD', 'PIPE_CHANGE_FIELD'],
  ['pipe_row_salary', 'PIPE_ROW_SALARY'],
  ['noNegativeId', 'noNegativeEmpId'],
])('%s is most like %s', (unknown, nearest) => {
  expect(nearestNames(unknown, KNOWN)[0]).toBe(nearest);
});

it('suggests the nearest first, then in the order of the alphabet', () => {
  expect(nearestNames('abcd', ['abcf', 'abxx', 'abcd', 'abce'])).toEqual(['abcd', 'abce', 'abcf']);
});

it.each([
  ['abcd', 'abxx', true],
  ['abcd', 'axxx', false],
  ['ab', 'abcd', true],
  ['ab', 'abcde', false],
  ['abcd', 'bcda', true],
  ['abcd', 'xabc', true],
  ['abcde', 'edcba', false],
])('of %s is %s = %s: at most half of the characters of the longer one differ', (unknown, name, isNear) => {
  expect(nearestNames(unknown, [name])).toEqual(isNear ? [name] : []);
});

it('suggests nothing that is unlike, and at most three names', () => {
  expect(nearestNames('x', KNOWN)).toEqual([]);
  expect(nearestNames('PIPE_CHANGE_X', [...KNOWN, 'PIPE_CHANGE_A', 'PIPE_CHANGE_B', 'PIPE_CHANGE_C'])).toHaveLength(3);
});
