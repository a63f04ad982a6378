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

function judge(values: Values = {}, ...further: string[]): RowOutcome {
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
  it('keeps a row that passes every rule, its values trimmed and its salary rounded down', () => {
    expect(
      judge({ department: ' ECC\t', division: '\u00a0D ', title: ' T ', hireDate: ' 2015-2-1 ', salary: ' 10.9 ' }),
    ).toEqual({
      kind: 'kept',
      row: { department: 'ECC', departmentDivision: 'D', positionTitle: 'T', hireDate: '2015-02-01', salary: 10 },
    });
  });

  it('compares departments exactly', () => {
    expect(codeOf(judge({ department: 'ecc' }))).toBe('filtered');
    expect(codeOf(judge({ department: 'ECCX' }))).toBe('filtered');
    expect(codeOf(judge({ department: '' }))).toBe('filtered');
  });

  it('keeps who was hired on the first day and not the day before', () => {
    expect(codeOf(judge({ hireDate: '01-Jan-2010' }))).toBe('kept');
    expect(codeOf(judge({ hireDate: '31-Dec-2009' }))).toBe('filtered');
  });

  it('takes an empty division and an empty title for empty texts', () => {
    expect(judge({ division: '', title: '  ' })).toMatchObject({ row: { departmentDivision: '', positionTitle: '' } });
  });

  describe('judges in order: department, columns, hire date readable, hired since, salary, texts', () => {
    it('filters out another department, whatever else is wrong', () => {
      expect(codeOf(judge({ department: 'AGR', hireDate: '', salary: '' }, 'one more'))).toBe('filtered');
    });

    it('rejects a row that is too short for a department', () => {
      expect(codeOf(applySalaryRules(['other'], columns, filter))).toBe('PIPE_ROW_COLUMNS');
      expect(codeOf(applySalaryRules([], columns, filter))).toBe('PIPE_ROW_COLUMNS');
    });

    it('rejects an old row with a column too few or too many', () => {
      expect(codeOf(judge({ hireDate: '01-Jan-1990' }, 'one more'))).toBe('PIPE_ROW_COLUMNS');
      expect(codeOf(applySalaryRules(['other', 'ECC', 'D', 'T', '01-Jan-1990'], columns, filter))).toBe(
        'PIPE_ROW_COLUMNS',
      );
    });

    it('rejects an unreadable hire date before it looks at the salary', () => {
      expect(codeOf(judge({ hireDate: '31-Feb-2012', salary: 'abc' }))).toBe('PIPE_ROW_HIRE_DATE');
    });

    it('filters out an old row with a bad salary', () => {
      expect(codeOf(judge({ hireDate: '01-Jan-1990', salary: 'abc', title: '\0' }))).toBe('filtered');
    });

    it('rejects a bad salary before a bad text', () => {
      expect(codeOf(judge({ salary: '-1', title: '\0' }))).toBe('PIPE_ROW_SALARY');
      expect(codeOf(judge({ title: '\0' }))).toBe('PIPE_ROW_TEXT');
    });
  });

  it('counts characters as the database does', () => {
    expect(codeOf(judge({ title: 'x'.repeat(200) }))).toBe('kept');
    expect(codeOf(judge({ title: 'x'.repeat(201) }))).toBe('PIPE_ROW_TEXT');
    expect(codeOf(judge({ division: '😀'.repeat(200) }))).toBe('kept');
    expect(codeOf(judge({ division: '😀'.repeat(201) }))).toBe('PIPE_ROW_TEXT');
  });

  it('tells what was expected and what came, and never a value', () => {
    const reasonOf = (outcome: RowOutcome) => (outcome.kind === 'rejected' ? outcome.rejection.reason : '');
    expect(reasonOf(judge({}, 'one more'))).toBe('expected 6 columns as the header has, got 7');
    expect(reasonOf(judge({ hireDate: '' }))).toMatch(/^expected in Initial Hire Date .* got nothing$/);
    expect(reasonOf(judge({ salary: '-731' }))).toMatch(/^expected in Salary .* got a negative number$/);
    expect(reasonOf(judge({ salary: '-731' }))).not.toContain('731');
    expect(reasonOf(judge({ title: 'x'.repeat(205) }))).toBe(
      'expected in Position Title at most 200 characters, got 205',
    );
  });
});
