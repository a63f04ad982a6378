import { applySalaryRules, type RowOutcome } from '../../../functions/core/salary-rules.ts';

const columns = { count: 6, department: 1, departmentDivision: 2, positionTitle: 3, hireDate: 4, salary: 5 };
const filter = { departments: new Set(['ECC', 'CIT']), hiredSince: '2010-01-01' };

interface Values {
  department?: string;
  division?: string;
  title?: string;
  hireDate?: string;
  salary?: string;
}

function apply(values: Values = {}, ...further: string[]): RowOutcome {
  const {
    department = 'ECC',
    division = 'ECC 1',
    title = 'Officer',
    hireDate = '01-Feb-2015',
    salary = '10.9',
  } = values;
  return applySalaryRules(['other', department, division, title, hireDate, salary, ...further], columns, filter);
}

const codeOf = (outcome: RowOutcome) => (outcome.kind === 'rejected' ? outcome.rejection.code : outcome.kind);

describe('applySalaryRules', () => {
  it('keeps a row that passes every rule, with trimmed values and the salary rounded down', () => {
    expect(
      apply({ department: ' ECC\t', division: '\u00a0D ', title: ' T ', hireDate: ' 2015-2-1 ', salary: ' 10.9 ' }),
    ).toEqual({
      kind: 'kept',
      row: { department: 'ECC', departmentDivision: 'D', positionTitle: 'T', hireDate: '2015-02-01', salary: 10 },
    });
  });

  it('compares departments exactly', () => {
    expect(codeOf(apply({ department: 'ecc' }))).toBe('filtered');
    expect(codeOf(apply({ department: 'ECCX' }))).toBe('filtered');
    expect(codeOf(apply({ department: '' }))).toBe('filtered');
  });

  it('keeps an employee hired on the first day, and filters out one hired on the day before', () => {
    expect(codeOf(apply({ hireDate: '01-Jan-2010' }))).toBe('kept');
    expect(codeOf(apply({ hireDate: '31-Dec-2009' }))).toBe('filtered');
  });

  it('keeps an empty division and an empty title as empty texts', () => {
    expect(apply({ division: '', title: '  ' })).toMatchObject({ row: { departmentDivision: '', positionTitle: '' } });
  });

  describe('in this order: department, columns, hire date readable, hired since, salary, texts', () => {
    it('filters out another department even when other values are wrong', () => {
      expect(codeOf(apply({ department: 'AGR', hireDate: '', salary: '' }, 'one more'))).toBe('filtered');
    });

    it('rejects a row without a department', () => {
      expect(codeOf(applySalaryRules(['other'], columns, filter))).toBe('PIPE_ROW_COLUMNS');
      expect(codeOf(applySalaryRules([], columns, filter))).toBe('PIPE_ROW_COLUMNS');
    });

    it('rejects an old row with a missing or an additional column', () => {
      expect(codeOf(apply({ hireDate: '01-Jan-1990' }, 'one more'))).toBe('PIPE_ROW_COLUMNS');
      expect(codeOf(applySalaryRules(['other', 'ECC', 'D', 'T', '01-Jan-1990'], columns, filter))).toBe(
        'PIPE_ROW_COLUMNS',
      );
    });

    it('rejects an unreadable hire date before an unreadable salary', () => {
      expect(codeOf(apply({ hireDate: '31-Feb-2012', salary: 'abc' }))).toBe('PIPE_ROW_HIRE_DATE');
    });

    it('filters out an old row with an unreadable salary', () => {
      expect(codeOf(apply({ hireDate: '01-Jan-1990', salary: 'abc', title: '\0' }))).toBe('filtered');
    });

    it('rejects an unreadable salary before an unusable text', () => {
      expect(codeOf(apply({ salary: '-1', title: '\0' }))).toBe('PIPE_ROW_SALARY');
      expect(codeOf(apply({ title: '\0' }))).toBe('PIPE_ROW_TEXT');
    });
  });

  it('counts characters as PostgreSQL does', () => {
    expect(codeOf(apply({ title: 'x'.repeat(200) }))).toBe('kept');
    expect(codeOf(apply({ title: 'x'.repeat(201) }))).toBe('PIPE_ROW_TEXT');
    expect(codeOf(apply({ division: '😀'.repeat(200) }))).toBe('kept');
    expect(codeOf(apply({ division: '😀'.repeat(201) }))).toBe('PIPE_ROW_TEXT');
  });

  it('rejects with what was expected and found, without the values', () => {
    const reasonOf = (outcome: RowOutcome) => (outcome.kind === 'rejected' ? outcome.rejection.reason : '');
    expect(reasonOf(apply({}, 'one more'))).toBe('expected 6 columns as the header has, got 7');
    expect(reasonOf(applySalaryRules(['other'], columns, filter))).toBe(
      'expected 6 columns, got 1, without a department',
    );
    expect(reasonOf(apply({ hireDate: '' }))).toMatch(/^expected in Initial Hire Date .* got nothing$/);
    expect(reasonOf(apply({ hireDate: 'soon' }))).toMatch(/^expected in Initial Hire Date .* got another text$/);
    expect(reasonOf(apply({ salary: '-731' }))).toMatch(/^expected in Salary .* got a negative number$/);
    expect(reasonOf(apply({ salary: '-731' }))).not.toContain('731');
    expect(reasonOf(apply({ title: 'x'.repeat(205) }))).toBe(
      'expected in Position Title at most 200 characters, got 205',
    );
    expect(reasonOf(apply({ division: '\0' }))).toBe(
      'expected in Department-Division a text without U+0000, which the database cannot store, got one with it',
    );
    const long = 'E'.repeat(201);
    const anyDepartment = { ...filter, departments: new Set([long]) };
    expect(reasonOf(applySalaryRules(['other', long, 'D', 'T', '01-Feb-2015', '1'], columns, anyDepartment))).toBe(
      'expected in Department at most 200 characters, got 201',
    );
  });
});
