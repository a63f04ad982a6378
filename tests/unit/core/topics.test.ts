import {
  CHANGES_DEAD_LETTER_TOPIC,
  CHANGES_TOPIC,
  DEAD_LETTER_RETENTION_MS,
  RETENTION_MS,
  SALARIES_DEAD_LETTER_TOPIC,
  SALARIES_TOPIC,
} from '../../../functions/core/topics.ts';

test('the names of the topics are a contract', () => {
  expect([SALARIES_TOPIC, SALARIES_DEAD_LETTER_TOPIC, CHANGES_TOPIC, CHANGES_DEAD_LETTER_TOPIC]).toEqual([
    'employee-salaries',
    'employee-salaries.dead-letter',
    'employee-changes',
    'employee-changes.dead-letter',
  ]);
});

test('records are kept for 14 days and dead letters for 30', () => {
  expect(RETENTION_MS).toBe(1_209_600_000);
  expect(DEAD_LETTER_RETENTION_MS).toBe(2_592_000_000);
});
