import { InputError } from '../../../functions/core/errors.ts';
import { findSalaryColumns } from '../../../functions/core/salary-columns.ts';

describe('findSalaryColumns', () => {
  it('finds columns by name in any order and case, with blanks around them and others between them', () => {
    const header = [
      'x',
      ' SALARY ',
      'initial hire date',
      '\u00a0Department',
      'department-DIVISION',
      'Position Title',
      '',
    ];
    expect(findSalaryColumns(header)).toEqual({
      count: 7,
      salary: 1,
      hireDate: 2,
      department: 3,
      departmentDivision: 4,
      positionTitle: 5,
    });
  });

  it('ignores other columns that occur twice', () => {
    const header = ['x', 'X', 'Department', 'Department-Division', 'Position Title', 'Initial Hire Date', 'Salary'];
    expect(findSalaryColumns(header).department).toBe(2);
  });

  it('names the missing columns and the header that was found', () => {
    const find = () => findSalaryColumns(['Department', 'Position Title', 'Wages']);
    expect(find).toThrow(InputError);
    expect(find).toThrow(/missing: Department-Division, Initial Hire Date, Salary; got: .*"Wages"/);
  });

  it('names a column that occurs more than once, in any case', () => {
    const header = ['Department', 'Department-Division', 'Position Title', 'Initial Hire Date', 'Salary', ' salary'];
    expect(() => findSalaryColumns(header)).toThrow(/more than once: Salary/);
  });

  it('quotes only the beginning of a very long header', () => {
    const find = () => findSalaryColumns(Array.from({ length: 10_000 }, () => 'x'.repeat(50)));
    expect(find).toThrow(/^.{1,600}$/);
  });
});
