import { InvalidExpressionError, readExpression } from '../../../../localstack/event-sources/schedule/expression.ts';

const at = (text: string) => Date.parse(text);
const next = (expression: string, after: string, timezone = 'UTC', created = after) => {
  const time = readExpression(expression, timezone, true).next(at(after), at(created));
  return time === undefined ? undefined : new Date(time).toISOString();
};

test('[known] a rate counts from creation, not from the full hour', () => {
  expect(next('rate(5 minutes)', '2026-11-22T10:02:03Z')).toBe('2026-11-22T10:07:03.000Z');
  expect(next('rate(90 minutes)', '2026-11-22T12:00:00Z', 'UTC', '2026-11-22T10:00:00Z')).toBe(
    '2026-11-22T13:00:00.000Z',
  );
});

test('[known] cron is in UTC, and 2 is Monday', () => {
  // 22 November 2026 is a Sunday.
  expect(next('cron(0 8 ? * 2 *)', '2026-11-22T18:00:00Z')).toBe('2026-11-23T08:00:00.000Z');
  expect(next('cron(0 8 ? * 1 *)', '2026-11-22T18:00:00Z')).toBe('2026-11-29T08:00:00.000Z');
  expect(next('cron(0 8 ? * 2#1 *)', '2026-11-22T18:00:00Z')).toBe('2026-12-07T08:00:00.000Z');
  expect(next('cron(0 8 ? * 6L *)', '2026-11-22T18:00:00Z')).toBe('2026-11-27T08:00:00.000Z');
  expect(next('cron(0 8 L * ? *)', '2026-11-22T18:00:00Z')).toBe('2026-11-30T08:00:00.000Z');
  expect(next('cron(0 8 1 1 ? 2030)', '2026-11-22T18:00:00Z')).toBe('2030-01-01T08:00:00.000Z');
});

test('[documented] Scheduler has time zones and single times', () => {
  expect(next('cron(0 8 * * ? *)', '2026-11-22T18:00:00Z', 'Europe/Berlin')).toBe('2026-11-23T07:00:00.000Z');
  expect(next('at(2026-12-01T00:00:00)', '2026-11-22T18:00:00Z')).toBe('2026-12-01T00:00:00.000Z');
  expect(next('at(2026-11-01T00:00:00)', '2026-11-22T18:00:00Z')).toBeUndefined();
});

test.each([
  'rate(1 minutes)',
  'rate(2 minute)',
  'rate(0 minutes)',
  'rate(5 seconds)',
  'cron(* * * * *)',
  'cron(* * * * * *)',
  'cron(61 * ? * 1 *)',
  'every minute',
])('rejects %s', (expression) => {
  expect(() => readExpression(expression, 'UTC', true)).toThrow(InvalidExpressionError);
});
