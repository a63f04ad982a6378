import { nearestNames } from '../../../functions/core/nearest-names.ts';

const KNOWN = ['PIPE_CHANGE_FIELD', 'PIPE_CHANGE_KEY', 'PIPE_ROW_SALARY', 'noNegativeEmpId', 'salaryAbove'];

it.each([
  ['PIPE_CHANGE_FEILD', 'PIPE_CHANGE_FIELD'],
  ['pipe_row_salary', 'PIPE_ROW_SALARY'],
  ['noNegativeId', 'noNegativeEmpId'],
])('%s is most like %s', (unknown, nearest) => {
  expect(nearestNames(unknown, KNOWN)[0]).toBe(nearest);
});

it('suggests nothing that is unlike, and at most three names', () => {
  expect(nearestNames('x', KNOWN)).toEqual([]);
  expect(nearestNames('PIPE_CHANGE_X', [...KNOWN, 'PIPE_CHANGE_A', 'PIPE_CHANGE_B', 'PIPE_CHANGE_C'])).toHaveLength(3);
});
