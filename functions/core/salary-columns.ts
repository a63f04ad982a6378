import { InputError } from './errors.ts';

/** Where in a row the needed columns stand, from 0, and how many columns the header has in all. */
export interface SalaryColumns {
  readonly count: number;
  readonly department: number;
  readonly departmentDivision: number;
  readonly positionTitle: number;
  readonly hireDate: number;
  readonly salary: number;
}

const NEEDED = ['Department', 'Department-Division', 'Position Title', 'Initial Hire Date', 'Salary'] as const;
/** Column names are told in reasons; a header that is no header at all must not make them endless. */
const MAX_TOLD_CHARACTERS = 300;

/**
 * Finds the needed columns by name, trimmed and in any case and order; further columns do not matter.
 *
 * @throws InputError `PIPE_FILE_HEADER` when one is missing or there twice.
 */
export function findSalaryColumns(header: readonly string[]): SalaryColumns {
  const names = header.map((name) => name.trim().toLowerCase());
  const positions = NEEDED.map((name) => names.indexOf(name.toLowerCase()));
  const missing = NEEDED.filter((_, index) => positions[index] === -1);
  const twice = NEEDED.filter((name, index) => names.indexOf(name.toLowerCase(), (positions[index] ?? 0) + 1) !== -1);
  if (missing.length > 0) {
    throw new InputError(
      'PIPE_FILE_HEADER',
      `expected a header with the columns ${NEEDED.join(', ')}; missing: ${missing.join(', ')}; got: ${tell(header)}`,
    );
  }
  if (twice.length > 0) {
    throw new InputError(
      'PIPE_FILE_HEADER',
      `expected each needed column once in the header; more than once: ${twice.join(', ')}; got: ${tell(header)}`,
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

function tell(header: readonly string[]): string {
  const names = JSON.stringify(header.slice(0, 100).map((name) => name.slice(0, 40)));
  return names.length > MAX_TOLD_CHARACTERS ? `${names.slice(0, MAX_TOLD_CHARACTERS)}…` : names;
}
