import { InputError } from './errors.ts';

/** The index of each needed column, from 0, and the number of columns in the header. */
export interface SalaryColumns {
  readonly count: number;
  readonly department: number;
  readonly departmentDivision: number;
  readonly positionTitle: number;
  readonly hireDate: number;
  readonly salary: number;
}

const NEEDED = ['Department', 'Department-Division', 'Position Title', 'Initial Hire Date', 'Salary'] as const;
/** Limits how much of the header a reason quotes, because a file without a header may begin with a very long row. */
const MAX_QUOTED_CHARACTERS = 300;

/**
 * Finds the needed columns by their trimmed names, in any case and order. Other columns are ignored.
 *
 * @throws InputError `PIPE_FILE_HEADER` when a needed column is missing or occurs more than once.
 */
export function findSalaryColumns(header: readonly string[]): SalaryColumns {
  const names = header.map((name) => name.trim().toLowerCase());
  const positions = NEEDED.map((name) => names.indexOf(name.toLowerCase()));
  const missing = NEEDED.filter((_, index) => positions[index] === -1);
  const duplicate = NEEDED.filter(
    (name, index) => names.indexOf(name.toLowerCase(), (positions[index] ?? 0) + 1) !== -1,
  );
  if (missing.length > 0) {
    throw new InputError(
      'PIPE_FILE_HEADER',
      `expected a header with the columns ${NEEDED.join(', ')}; missing: ${missing.join(', ')}; got: ${quote(header)}`,
    );
  }
  if (duplicate.length > 0) {
    throw new InputError(
      'PIPE_FILE_HEADER',
      `expected each needed column once in the header; more than once: ${duplicate.join(', ')}; got: ${quote(header)}`,
    );
  }
  const [department, departmentDivision, positionTitle, hireDate, salary] = positions as [
    number,
    number,
    number,
    number,
    number,
  ];
  return { count: header.length, department, departmentDivision, positionTitle, hireDate, salary };
}

function quote(header: readonly string[]): string {
  const names = JSON.stringify(header.slice(0, 100).map((name) => name.slice(0, 40)));
  return names.length > MAX_QUOTED_CHARACTERS ? `${names.slice(0, MAX_QUOTED_CHARACTERS)}…` : names;
}
