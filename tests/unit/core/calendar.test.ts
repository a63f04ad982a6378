import { daysInMonth } from '../../../functions/core/calendar.ts';

describe('daysInMonth', () => {
  it.each([
    [2023, 1, 31],
    [2023, 2, 28],
    [2024, 2, 29],
    [1900, 2, 28],
    [2000, 2, 29],
    [0, 2, 29],
    [-1, 2, 28],
    [2023, 4, 30],
    [2023, 12, 31],
    [2023, 0, 0],
    [2023, 13, 0],
  ])('of year %i month %i is %i', (year, month, days) => {
    expect(daysInMonth(year, month)).toBe(days);
  });
});
