import {
  CHANGES_DEAD_LETTER_GROUP,
  CHANGES_DEAD_LETTER_TOPIC,
  CHANGES_GROUP,
  CHANGES_TOPIC,
  DEAD_LETTER_RETENTION_MS,
  DEAD_LETTER_SUFFIX,
  RETENTION_MS,
  SALARIES_DEAD_LETTER_GROUP,
  SALARIES_DEAD_LETTER_TOPIC,
  SALARIES_GROUP,
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

test('a dead-letter topic has the name of its topic and a suffix', () => {
  expect(`${CHANGES_TOPIC}${DEAD_LETTER_SUFFIX}`).toBe(CHANGES_DEAD_LETTER_TOPIC);
  expect(`${SALARIES_TOPIC}${DEAD_LETTER_SUFFIX}`).toBe(SALARIES_DEAD_LETTER_TOPIC);
});

test('the names of the consumer groups are a contract', () => {
  expect([CHANGES_GROUP, SALARIES_GROUP, CHANGES_DEAD_LETTER_GROUP, SALARIES_DEAD_LETTER_GROUP]).toEqual([
    ...['apply-changes', 'load-salaries', 'index-change-dead-letters', 'index-salary-dead-letters'],
  ]);
});

test('records are kept for 14 days and dead letters for 30', () => {
  expect(RETENTION_MS).toBe(1_209_600_000);
  expect(DEAD_LETTER_RETENTION_MS).toBe(2_592_000_000);
});
