import { daysInMonth } from './calendar.ts';

const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const DAY_MONTH_YEAR = /^([0-9]{1,2})-([A-Za-z]{3})-([0-9]{4})$/;
const YEAR_MONTH_DAY = /^([0-9]{4})-([0-9]{1,2})-([0-9]{1,2})$/;

/**
 * Parses a date written as `DD-Mon-YYYY` (English months in any case) or `YYYY-MM-DD`, with one or two digits for day and
 * month.
 *
 * @returns `YYYY-MM-DD`, or `null` when the text has another form or is not a calendar day. Year 0 does not exist, neither
 * in the calendar nor in PostgreSQL.
 */
export function parseHireDate(text: string): string | null {
  let match = DAY_MONTH_YEAR.exec(text);
  if (match) return toIsoDate(match[3] as string, MONTHS.indexOf((match[2] as string).toLowerCase()) + 1, match[1]);
  match = YEAR_MONTH_DAY.exec(text);
  return match && toIsoDate(match[1] as string, Number(match[2]), match[3]);
}

function toIsoDate(year: string, month: number, dayText: string | undefined): string | null {
  const day = Number(dayText);
  if (year === '0000' || day < 1 || day > daysInMonth(Number(year), month)) return null;
  return `${year}-${month < 10 ? '0' : ''}${month}-${day < 10 ? '0' : ''}${day}`;
}
