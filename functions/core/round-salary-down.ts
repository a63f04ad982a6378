import { MAX_INT32 } from './int32.ts';

const SALARY = /^([0-9]+)(?:\.[0-9]+)?$/;
const MAX_SALARY_DIGITS = String(MAX_INT32).length;

/** What was found instead of a salary, without its value. */
export type SalaryFault = 'nothing' | 'a negative number' | 'a number above 2147483647' | 'a text that is not a number';

/**
 * Parses a salary and rounds it down to whole units. Accepted are ASCII digits with at most one point between digits; no
 * sign, exponent, grouping or currency.
 *
 * The fraction is cut off from the text instead of rounding a binary number, so 2147483647.99 is still the maximum.
 */
export function parseSalaryRoundedDown(text: string): number | SalaryFault {
  const match = SALARY.exec(text);
  if (!match) {
    if (text === '') return 'nothing';
    return text.startsWith('-') && SALARY.test(text.slice(1)) ? 'a negative number' : 'a text that is not a number';
  }
  const digits = match[1] as string;
  // Leading zeros are accepted. Without them, more digits than the maximum has are too large, and fewer are exact.
  const significant = digits.length > MAX_SALARY_DIGITS ? digits.replace(/^0+/, '') : digits;
  const salary = significant.length > MAX_SALARY_DIGITS ? Number.POSITIVE_INFINITY : Number(significant);
  return salary > MAX_INT32 ? 'a number above 2147483647' : salary;
}
