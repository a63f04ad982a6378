import { daysInMonth } from './calendar.ts';

/**
 * A date in PostgreSQL's output format under DateStyle ISO: `2008-02-29`, `5874897-12-31`, `4713-01-01 BC`. Dates stay
 * text in the whole pipeline, because JavaScript's dates have no infinity and depend on the time zone.
 */
const ISO_DATE = /^(\d{4,7})-(\d{2})-(\d{2})( BC)?$/;

/** PostgreSQL's `date` ranges from 24 November 4714 BC, which is the year -4713, to the end of this last year. */
const FIRST_YEAR = -4713;
const LAST_YEAR = 5_874_897;

/**
 * The year of a date: 0 for 1 BC, infinite for `infinity` and `-infinity`.
 *
 * `undefined` for text that the database would not write: an impossible day, another format, or input that it accepts
 * but never writes, such as `today`.
 */
export function yearOfDatabaseDate(text: string): number | undefined {
  if (text === 'infinity') return Number.POSITIVE_INFINITY;
  if (text === '-infinity') return Number.NEGATIVE_INFINITY;
  const match = ISO_DATE.exec(text);
  if (match === null) return undefined;
  const [, yearText = '', monthText = '', dayText = '', era] = match;
  if (yearText.length > 4 && yearText.startsWith('0')) return undefined;
  const yearOfEra = Number(yearText);
  const year = era === undefined ? yearOfEra : 1 - yearOfEra;
  const month = Number(monthText);
  const day = Number(dayText);
  if (yearOfEra === 0 || day < 1 || day > daysInMonth(year, month)) return undefined;
  if (year < FIRST_YEAR || year > LAST_YEAR) return undefined;
  return year === FIRST_YEAR && (month < 11 || (month === 11 && day < 24)) ? undefined : year;
}
