import { parseSalaryRoundedDown } from '../../../functions/core/round-salary-down.ts';

describe('parseSalaryRoundedDown', () => {
  it.each([
    ['0', 0],
    ['59947.94', 59_947],
    ['59947.99999999999999999999', 59_947],
    ['0.999', 0],
    ['00012.5', 12],
    ['2147483647', 2_147_483_647],
    ['2147483647.99', 2_147_483_647],
    [`${'0'.repeat(500)}7`, 7],
  ])('rounds %s down to %d', (text, expected) => {
    expect(parseSalaryRoundedDown(text)).toBe(expected);
  });

  it.each([
    ['', 'nothing'],
    ['-1', 'a negative number'],
    ['-0.5', 'a negative number'],
    ['abc', 'a text that is not a number'],
    ['1e400', 'a text that is not a number'],
    ['1e3', 'a text that is not a number'],
    ['+1', 'a text that is not a number'],
    ['--1', 'a text that is not a number'],
    ['.5', 'a text that is not a number'],
    ['5.', 'a text that is not a number'],
    ['1.2.3', 'a text that is not a number'],
    ['1,000', 'a text that is not a number'],
    ['1 000', 'a text that is not a number'],
    ['$100', 'a text that is not a number'],
    ['0x10', 'a text that is not a number'],
    ['NaN', 'a text that is not a number'],
    ['Infinity', 'a text that is not a number'],
    ['１２', 'a text that is not a number'],
    ['2147483648', 'a number above 2147483647'],
    ['99999999999999999999', 'a number above 2147483647'],
    ['10000000000', 'a number above 2147483647'],
    ['020000000001', 'a number above 2147483647'],
    ['9'.repeat(5_000), 'a number above 2147483647'],
  ])('refuses %j as %s', (text, expected) => {
    expect(parseSalaryRoundedDown(text)).toBe(expected);
  });
});
