import { daysInMonth } from './calendar.ts';

/**
 * A date as PostgreSQL writes it under DateStyle ISO: `2008-02-29`, `5874897-12-31`, `4713-01-01 BC`, `infinity`,
 * `-infinity`. Dates stay text on their whole way: JavaScript's own dates know neither BC nor infinity, and shift with
 * the time zone.
 */
const ISO_DATE = /^(\d{4,7})-(\d{2})-(\d{2})( BC)?$/;

/** The first day and the last year that the type `date` holds. */
const FIRST_YEAR = -4713;
const LAST_YEAR = 5_874_897;

/**
 * The year of a date, 1 BC being 0; infinite for the infinite dates.
 *
 * `undefined` when the text is no date that the database would write, so for an impossible day, other spellings, and
 * what the database alone would understand, such as `today`.
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
