import type { Schedule } from '../../../../localstack/event-sources/model/schedule.ts';
import { readRuleExpression } from '../../../../localstack/event-sources/schedule/expression.ts';
import { scheduleEvent } from '../../../../localstack/event-sources/schedule/schedule-event.ts';

const schedule: Schedule = {
  id: 'Rule/0',
  kind: 'rule',
  arn: 'arn:aws:events:eu-central-1:123456789012:rule/tick',
  name: 'tick',
  expressionText: 'rate(1 minute)',
  expression: readRuleExpression('rate(1 minute)'),
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
  JSON.parse(scheduleEvent({ ...schedule, ...changes }, Date.parse('2026-11-22T10:00:00.123Z'), context)) as unknown;

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

test('[observed] the event of Scheduler: its own source, and detail as a string', () => {
  const arn = 'arn:aws:scheduler:eu-central-1:123456789012:schedule/default/tick';
  expect(event({ kind: 'scheduler', arn })).toMatchObject({ source: 'aws.scheduler', resources: [arn], detail: '{}' });
});

test('[documented] input replaces the event, and Scheduler replaces its attributes in it', () => {
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
