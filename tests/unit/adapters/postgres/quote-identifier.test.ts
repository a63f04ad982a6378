import { quoteIdentifier } from '../../../../functions/adapters/postgres/quote-identifier.ts';

it.each([
  ['salary_limit', 'salary_limit'],
  ['SalaryLimit', '"SalaryLimit"'],
  ['salary limit', '"salary limit"'],
  ['1st', '"1st"'],
  ['user', '"user"'],
  ['a"b', '"a""b"'],
  ['größe', '"größe"'],
  ['', '""'],
])('writes the name %s as %s', (name, expected) => {
  expect(quoteIdentifier(name)).toBe(expected);
});
