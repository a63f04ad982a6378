import { parseHireDate } from './hire-date.ts';
import { parseSalaryRoundedDown } from './round-salary-down.ts';
import type { SalaryColumns } from './salary-columns.ts';
import type { SalaryRow } from './salary-record.ts';

/** Which rows of a file are kept. */
export interface SalaryFilter {
  /** Compared exactly with the trimmed value. */
  readonly departments: ReadonlySet<string>;
  /** First hire date that is kept, `YYYY-MM-DD`. */
  readonly hiredSince: string;
}

/** Why one row is unusable. The reason says what was expected and what was found, never the values of the row. */
export interface RowRejection {
  readonly code: 'PIPE_ROW_COLUMNS' | 'PIPE_ROW_HIRE_DATE' | 'PIPE_ROW_SALARY' | 'PIPE_ROW_TEXT';
  readonly reason: string;
}

export type RowOutcome =
  | { readonly kind: 'kept'; readonly row: SalaryRow }
  | { readonly kind: 'filtered' }
  | { readonly kind: 'rejected'; readonly rejection: RowRejection };

const MAX_TEXT_CHARACTERS = 200;
const FILTERED: RowOutcome = { kind: 'filtered' };

/**
 * Applies the rules to the values of one row, in this order: department, number of columns, hire date readable, hired
 * since, salary, texts. The first rule that filters out or rejects the row decides.
 *
 * So an old row with an unreadable salary is filtered out, and an old row with a missing column is rejected.
 */
export function applySalaryRules(values: readonly string[], columns: SalaryColumns, filter: SalaryFilter): RowOutcome {
  const departmentValue = values[columns.department];
  if (departmentValue === undefined) {
    return rejected(
      'PIPE_ROW_COLUMNS',
      `expected ${columns.count} columns, got ${values.length}, without a department`,
    );
  }
  const department = departmentValue.trim();
  if (!filter.departments.has(department)) return FILTERED;
  if (values.length !== columns.count) {
    return rejected('PIPE_ROW_COLUMNS', `expected ${columns.count} columns as the header has, got ${values.length}`);
  }
  const hireDateText = (values[columns.hireDate] as string).trim();
  const hireDate = parseHireDate(hireDateText);
  if (hireDate === null) {
    return rejected(
      'PIPE_ROW_HIRE_DATE',
      `expected in Initial Hire Date a calendar day as DD-Mon-YYYY or YYYY-MM-DD, got ${
        hireDateText === '' ? 'nothing' : 'another text'
      }`,
    );
  }
  if (hireDate < filter.hiredSince) return FILTERED;
  const salary = parseSalaryRoundedDown((values[columns.salary] as string).trim());
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

function rejected(code: RowRejection['code'], reason: string): RowOutcome {
  return { kind: 'rejected', rejection: { code, reason } };
}

function findTextFault(column: string, text: string): string | undefined {
  if (text.length > MAX_TEXT_CHARACTERS) {
    // Counted as PostgreSQL does: a code point outside the basic plane is one character, but two UTF-16 units.
    const characters = Array.from(text).length;
    if (characters > MAX_TEXT_CHARACTERS) {
      return `expected in ${column} at most ${MAX_TEXT_CHARACTERS} characters, got ${characters}`;
    }
  }
  return text.includes('\0')
    ? `expected in ${column} a text without U+0000, which the database cannot store, got one with it`
    : undefined;
}
