import { yearOfDatabaseDate } from '../../../functions/core/database-date.ts';

test.each([
  ['2008-02-29', 2008],
  ['0001-01-01', 1],
  ['0001-12-31 BC', 0],
  ['0005-02-29 BC', -4],
  ['12340-01-01', 12_340],
  ['5874897-12-31', 5_874_897],
  ['4714-11-24 BC', -4713],
  ['4714-12-01 BC', -4713],
  ['infinity', Number.POSITIVE_INFINITY],
  ['-infinity', Number.NEGATIVE_INFINITY],
])('%s is in year %d', (text, year) => {
  expect(yearOfDatabaseDate(text)).toBe(year);
});

test.each([
  ['a day that does not exist', '2007-02-29'],
  ['a leap day of a year BC that has none', '0004-02-29 BC'],
  ['day 0', '2008-01-00'],
  ['month 0', '2008-00-01'],
  ['month 13', '2008-13-01'],
  ['year 0', '0000-01-01'],
  ['year 0 BC', '0000-01-01 BC'],
  ['a year of three digits', '999-01-01'],
  ['a year of five digits that begins with 0', '02008-01-01'],
  ['a year of seven digits that begins with 0', '0002008-01-01'],
  ['the year after the last one', '5874898-01-01'],
  ['the day before the first one', '4714-11-23 BC'],
  ['the month before the first one', '4714-10-30 BC'],
  ['the year before the first one', '4715-12-31 BC'],
  ['text before the date', ' 2008-02-29'],
  ['text after the date', '2008-02-29 AD'],
  ['a timestamp', '2008-02-29 00:00:00'],
  ['input that the database accepts but never writes', 'today'],
  ['nothing', ''],
])('%s is not a date: %j', (_, text) => {
  expect(yearOfDatabaseDate(text)).toBeUndefined();
});
