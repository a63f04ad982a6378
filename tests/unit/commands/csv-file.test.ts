import { requireCsvKey } from '../../../localstack/commands/csv-file.ts';
import { UsageError } from '../../../localstack/commands/terminal/program.ts';

test('a key must end with .csv, in lower case', () => {
  expect(() => requireCsvKey('2026/salaries.csv')).not.toThrow();
  expect(() => requireCsvKey('salaries.CSV')).toThrow(UsageError);
});

test('a key has at most 1,024 bytes', () => {
  expect(() => requireCsvKey(`${'é'.repeat(510)}.csv`)).not.toThrow();
  expect(() => requireCsvKey(`${'é'.repeat(511)}.csv`)).toThrow(UsageError);
});
