import { MAX_INT32 } from './int32.ts';

const SALARY = /^([0-9]+)(?:\.[0-9]+)?$/;
const MAX_SALARY_DIGITS = String(MAX_INT32).length;

/** Why a text is no salary; tells nothing of its value. */
export type SalaryFault = 'nothing' | 'a negative number' | 'a number above 2147483647' | 'a text that is no number';

/**
 * Reads a salary and rounds it down to whole units. ASCII digits with at most one point between digits; no sign,
 * exponent, grouping or currency.
 *
 * The fraction is dropped from the text, so that no binary fraction ever rounds: 2147483647.99 is the maximum.
 */
export function readWholeSalary(text: string): number | SalaryFault {
  const match = SALARY.exec(text);
  if (!match) {
    if (text === '') return 'nothing';
    return text.startsWith('-') && SALARY.test(text.slice(1)) ? 'a negative number' : 'a text that is no number';
  }
  const digits = match[1] as string;
  // Leading zeros are digits like others, and far more digits than int32 has would cost precision before comparison.
  const significant = digits.length > MAX_SALARY_DIGITS ? digits.replace(/^0+/, '') : digits;
  const salary = significant.length > MAX_SALARY_DIGITS ? Number.POSITIVE_INFINITY : Number(significant);
  return salary > MAX_INT32 ? 'a number above 2147483647' : salary;
}
