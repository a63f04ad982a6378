import { readHireDate } from './hire-date.ts';
import type { SalaryColumns } from './salary-columns.ts';
import type { SalaryRow } from './salary-record.ts';
import { readWholeSalary } from './whole-salary.ts';

/** What is kept of a file. */
export interface SalaryFilter {
  /** Compared exactly with the trimmed value. */
  readonly departments: ReadonlySet<string>;
  /** First hire date that is kept, `YYYY-MM-DD`. */
  readonly hiredSince: string;
}

/** Why one row cannot be used. The reason tells what was expected and what came, never the values of the row. */
export interface RowRejection {
  readonly code: 'PIPE_ROW_COLUMNS' | 'PIPE_ROW_HIRE_DATE' | 'PIPE_ROW_SALARY' | 'PIPE_ROW_TEXT';
  readonly reason: string;
}

export type RowVerdict =
  | { readonly kind: 'kept'; readonly row: SalaryRow }
  | { readonly kind: 'filtered' }
  | { readonly kind: 'rejected'; readonly rejection: RowRejection };

const MAX_TEXT_CHARACTERS = 200;
const FILTERED: RowVerdict = { kind: 'filtered' };

/**
 * Judges one row, its values as they stand in the file: department, then number of columns, then hire date readable,
 * then hired since, then salary and texts. The first rule that decides ends it.
 *
 * So an old row with a bad salary is filtered out, and an old row with a column too few is rejected.
 */
export function judgeSalaryRow(values: readonly string[], columns: SalaryColumns, filter: SalaryFilter): RowVerdict {
  const departmentValue = values[columns.department];
  if (departmentValue === undefined) {
    return rejected(
      'PIPE_ROW_COLUMNS',
      `expected ${columns.count} columns, got ${values.length}: not even a department`,
    );
  }
  const department = departmentValue.trim();
  if (!filter.departments.has(department)) return FILTERED;
  if (values.length !== columns.count) {
    return rejected('PIPE_ROW_COLUMNS', `expected ${columns.count} columns as the header has, got ${values.length}`);
  }
  const hireDateText = (values[columns.hireDate] as string).trim();
  const hireDate = readHireDate(hireDateText);
  if (hireDate === null) {
    return rejected(
      'PIPE_ROW_HIRE_DATE',
      `expected in Initial Hire Date a day of the calendar as DD-Mon-YYYY or YYYY-MM-DD, got ${
        hireDateText === '' ? 'nothing' : 'another text'
      }`,
    );
  }
  if (hireDate < filter.hiredSince) return FILTERED;
  const salary = readWholeSalary((values[columns.salary] as string).trim());
  if (typeof salary === 'string') {
    return rejected(
      'PIPE_ROW_SALARY',
      `expected in Salary digits with at most one point between them, up to 2147483647, got ${salary}`,
    );
  }
  const departmentDivision = (values[columns.departmentDivision] as string).trim();
  const positionTitle = (values[columns.positionTitle] as string).trim();
  const fault =
    findTextFault('Department', department) ??
    findTextFault('Department-Division', departmentDivision) ??
    findTextFault('Position Title', positionTitle);
  if (fault !== undefined) return rejected('PIPE_ROW_TEXT', fault);
  return { kind: 'kept', row: { department, departmentDivision, positionTitle, hireDate, salary } };
}

function rejected(code: RowRejection['code'], reason: string): RowVerdict {
  return { kind: 'rejected', rejection: { code, reason } };
}

function findTextFault(column: string, text: string): string | undefined {
  if (text.length > MAX_TEXT_CHARACTERS) {
    // Characters as the database counts them: a code point beyond the basic plane has two units here and is one there.
    const characters = Array.from(text).length;
    if (characters > MAX_TEXT_CHARACTERS) {
      return `expected in ${column} at most ${MAX_TEXT_CHARACTERS} characters, got ${characters}`;
    }
  }
  return text.includes('\0')
    ? `expected in ${column} a text without U+0000, which the database cannot hold`
    : undefined;
}
