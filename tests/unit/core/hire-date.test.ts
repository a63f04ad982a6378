import { parseHireDate } from '../../../functions/core/hire-date.ts';

describe('parseHireDate', () => {
  it.each([
    ['10-Sep-1984', '1984-09-10'],
    ['1-jan-2010', '2010-01-01'],
    ['01-JAN-2010', '2010-01-01'],
    ['31-dEc-2012', '2012-12-31'],
    ['01-Mar-2012', '2012-03-01'],
    ['01-Apr-2012', '2012-04-01'],
    ['01-May-2012', '2012-05-01'],
    ['01-Jun-2012', '2012-06-01'],
    ['01-Jul-2012', '2012-07-01'],
    ['01-Aug-2012', '2012-08-01'],
    ['01-Oct-2012', '2012-10-01'],
    ['01-Nov-2012', '2012-11-01'],
    ['2012-01-31', '2012-01-31'],
    ['2012-1-5', '2012-01-05'],
    ['29-Feb-2012', '2012-02-29'],
    ['29-Feb-2000', '2000-02-29'],
    ['0001-01-01', '0001-01-01'],
    ['9999-12-31', '9999-12-31'],
  ])('parses %s as %s', (text, expected) => {
    expect(parseHireDate(text)).toBe(expected);
  });

  it.each([
    '',
    '31-Feb-2012',
    '29-Feb-2011',
    '29-Feb-1900',
    '2012-13-01',
    '2012-00-10',
    '2012-01-00',
    '2012-01-32',
    '31-Apr-2012',
    '0-Jan-2012',
    '001-Jan-2012',
    '10-Sept-2012',
    '10-Mai-2012',
    '10-09-2012',
    '10-Sep-12',
    '10-Sep-20123',
    '10/Sep/2012',
    '2012/01/05',
    '20120105',
    '2012-01-05T00:00:00',
    ' 2012-01-05',
    '２０１２-01-05',
    '0000-01-01',
    '10-Sep-2012\n',
  ])('refuses %j', (text) => {
    expect(parseHireDate(text)).toBeNull();
  });

  it('accepts the same days as the calendar of JavaScript', () => {
    for (const year of [1900, 1999, 2000, 2012, 2023, 2100]) {
      for (let month = 1; month <= 12; month += 1) {
        for (let day = 1; day <= 31; day += 1) {
          const exists = new Date(Date.UTC(year, month - 1, day)).getUTCMonth() === month - 1;
          const iso = `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
          expect(parseHireDate(iso)).toBe(exists ? iso : null);
        }
      }
    }
  });
});
