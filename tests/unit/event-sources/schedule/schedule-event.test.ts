import type { Schedule } from '../../../../localstack/event-sources/model/schedule.ts';
import { readExpression } from '../../../../localstack/event-sources/schedule/expression.ts';
import { scheduleEvent } from '../../../../localstack/event-sources/schedule/schedule-event.ts';

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
])('refuses %s', (expression) => {
  expect(() => readExpression(expression, 'UTC', true)).toThrow();
});

const schedule: Schedule = {
  id: 'Rule/0',
  kind: 'rule',
  arn: 'arn:aws:events:eu-central-1:123456789012:rule/tick',
  name: 'tick',
  expressionText: 'rate(1 minute)',
  expression: readExpression('rate(1 minute)', 'UTC', false),
  function: {
    name: 'fn',
    arn: 'arn',
    timeoutSeconds: 3,
    asynchronous: { maximumRetryAttempts: 2, maximumEventAgeSeconds: 60 },
  },
  enabled: true,
};
const context = { region: 'eu-central-1', accountId: '123456789012' };
const event = (changes: Partial<Schedule>) =>
  JSON.parse(scheduleEvent({ ...schedule, ...changes }, at('2026-11-22T10:00:00.123Z'), context)) as unknown;

test('[observed] the event of a rule', () => {
  expect(event({})).toEqual({
    version: '0',
    id: expect.stringMatching(/^[0-9a-f-]{36}$/),
    'detail-type': 'Scheduled Event',
    source: 'aws.events',
    account: '123456789012',
    time: '2026-11-22T10:00:00Z',
    region: 'eu-central-1',
    resources: ['arn:aws:events:eu-central-1:123456789012:rule/tick'],
    detail: {},
  });
});

test('[observed] the event of Scheduler: its own source, detail as a string', () => {
  const arn = 'arn:aws:scheduler:eu-central-1:123456789012:schedule/default/tick';
  expect(event({ kind: 'scheduler', arn })).toMatchObject({ source: 'aws.scheduler', resources: [arn], detail: '{}' });
});

test('[documented] input replaces the event; Scheduler puts its attributes in', () => {
  expect(event({ input: '{"a":1}' })).toEqual({ a: 1 });
  expect(event({ kind: 'scheduler', input: '{"at":"<aws.scheduler.scheduled-time>"}' })).toEqual({
    at: '2026-11-22T10:00:00Z',
  });
});

test('[documented] inputPath and inputTransformer of rules', () => {
  expect(event({ inputPath: '$.resources[0]' })).toBe(schedule.arn);
  const inputTransformer = {
    template: '{"when":<time>,"text":"at <time> by <aws.events.rule-name>"}',
    paths: { time: '$.time' },
  };
  expect(event({ inputTransformer })).toEqual({
    when: '2026-11-22T10:00:00Z',
    text: 'at 2026-11-22T10:00:00Z by tick',
  });
});
