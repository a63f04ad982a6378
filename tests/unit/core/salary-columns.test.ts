import { InputError } from '../../../functions/core/errors.ts';
import { findSalaryColumns } from '../../../functions/core/salary-columns.ts';

const COMPLETE = ['Department', 'Department-Division', 'Position Title', 'Initial Hire Date', 'Salary'];

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

  it('accepts other columns more than once', () => {
    expect(findSalaryColumns(['x', 'X', ...COMPLETE]).department).toBe(2);
  });

  it('names the missing columns, the needed ones and the header', () => {
    expect(() => findSalaryColumns(['Department', 'Position Title', 'Wages'])).toThrow(
      new InputError(
        'PIPE_FILE_HEADER',
        'expected a header with the columns Department, Department-Division, Position Title, Initial Hire Date, Salary; ' +
          'missing: Department-Division, Initial Hire Date, Salary; got: ["Department","Position Title","Wages"]',
      ),
    );
    expect(() => findSalaryColumns([])).toThrow(expect.objectContaining({ code: 'PIPE_FILE_HEADER', retry: 'never' }));
  });

  it('names columns that occur more than once, in any case', () => {
    const find = () => findSalaryColumns([...COMPLETE, ' salary', 'DEPARTMENT']);
    expect(find).toThrow(/more than once: Department, Salary; got: \["Department",/);
    expect(find).toThrow(expect.objectContaining({ code: 'PIPE_FILE_HEADER', retry: 'never' }));
  });

  it('quotes at most 40 characters of a name', () => {
    expect(() => findSalaryColumns(['x'.repeat(50)])).toThrow(/got: \["x{40}"\]$/);
  });

  it('quotes a header of 300 characters in full, and cuts a longer one', () => {
    // Seven names, of which six have 40 characters, need 22 characters for brackets, commas and quotes.
    const names = Array.from({ length: 6 }, () => 'x'.repeat(40));
    const find = (last: number) => () => findSalaryColumns([...names, 'y'.repeat(last)]);
    expect(find(38)).toThrow(/"y{38}"\]$/);
    expect(find(39)).toThrow(/"x{40}","y{39}"…$/);
  });

  it('keeps the reason short when the header is long', () => {
    const find = () => findSalaryColumns(Array.from({ length: 10_000 }, () => 'x'.repeat(50)));
    expect(find).toThrow(/^.{1,600}$/);
  });
});
