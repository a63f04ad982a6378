import type { Schedule } from '../../../../localstack/event-sources/model/schedule.ts';
import { readTemplate } from '../../../../localstack/event-sources/template/template-model.ts';

const target = { Arn: { 'Fn::GetAtt': ['Fn', 'Arn'] }, RoleArn: 'arn:aws:iam::000000000000:role/r' };

function read(resource: object): Schedule | undefined {
  const { schedules } = readTemplate(
    {
      Resources: {
        Fn: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'fn' } },
        Tick: resource as { Type: string },
      },
    },
    {},
    { allowErrorControlsOnDemand: false, maximumFilters: 5, now: Date.now },
  );
  return schedules[0];
}
const ruleTarget = { ...target, Id: 'fn' };
const rule = (properties: object) =>
  read({ Type: 'AWS::Events::Rule', Properties: { Targets: [ruleTarget], ...properties } });
const schedule = (properties: object) =>
  read({
    Type: 'AWS::Scheduler::Schedule',
    Properties: {
      Target: target,
      ScheduleExpression: 'rate(5 minutes)',
      FlexibleTimeWindow: { Mode: 'OFF' },
      ...properties,
    },
  });

test('a schedule has its dates, which are in UTC where they have no offset', () => {
  const dates = { StartDate: '2026-12-01T08:00:00+02:00', EndDate: '2026-12-02T00:00:00' };
  expect(schedule(dates)).toMatchObject({
    startMs: Date.parse('2026-12-01T06:00:00Z'),
    endMs: Date.parse('2026-12-02T00:00:00Z'),
  });
});

test('[documented] Scheduler ignores the dates of an at()', () => {
  const read = schedule({
    ScheduleExpression: 'at(2026-12-24T18:00:00)',
    StartDate: '2027-01-01T00:00:00Z',
    EndDate: '2027-01-02T00:00:00Z',
  });
  expect(read).not.toHaveProperty('startMs');
  expect(read).not.toHaveProperty('endMs');
});

test.each<[string, object, string]>([
  [
    'ScheduleExpression',
    { ScheduleExpression: 'cron(0 8 ? * 8 *)' },
    'day of week: expected 1-7 or SUN-SAT, found 8 (AWS: ValidationException, Invalid Schedule Expression cron(0 8 ? * 8 *))',
  ],
  [
    'ScheduleExpressionTimezone',
    { ScheduleExpressionTimezone: 'Europe/Bremen' },
    'expected a name of the IANA time zone database like Europe/Berlin, found Europe/Bremen (AWS: ValidationException)',
  ],
  ['ScheduleExpressionTimezone', { ScheduleExpressionTimezone: '+01:00' }, 'found +01:00 (AWS: ValidationException)'],
  ['ScheduleExpressionTimezone', { ScheduleExpressionTimezone: 'x'.repeat(51) }, 'less than or equal to 50'],
  [
    'StartDate',
    { StartDate: 'tomorrow' },
    'expected a time like 2026-01-31T08:00:00Z, found tomorrow (AWS: ValidationException)',
  ],
  ['StartDate', { StartDate: '2026-02-30T00:00:00Z' }, 'found 2026-02-30T00:00:00Z'],
  ['EndDate', { EndDate: '2026-12-01T25:00:00Z' }, 'found 2026-12-01T25:00:00Z'],
  [
    'EndDate',
    { StartDate: '2026-12-02T00:00:00Z', EndDate: '2026-12-01T00:00:00Z' },
    'expected a time after StartDate, found 2026-12-01T00:00:00Z (AWS: ValidationException)',
  ],
  ['EndDate', { StartDate: '2026-12-01T00:00:00Z', EndDate: '2026-12-01T00:00:00Z' }, 'a time after StartDate'],
  [
    'StartDat',
    { StartDat: '2026-12-01T00:00:00Z' },
    'is not a known property; expected ActionAfterCompletion, Description, EndDate, FlexibleTimeWindow, GroupName, KmsKeyArn, Name, ScheduleExpression, ScheduleExpressionTimezone, StartDate, State, Target (AWS: extraneous key is not permitted)',
  ],
  ['Target.Id', { Target: { ...target, Id: 'fn' } }, 'is not a known property'],
  ['Name', { Name: 'a b' }, 'must satisfy ^[0-9a-zA-Z-_.]+$, got "a b" (AWS: ValidationException, failed to'],
  ['GroupName', { GroupName: 'g'.repeat(65) }, 'less than or equal to 64'],
  [
    'FlexibleTimeWindow',
    { FlexibleTimeWindow: undefined },
    'is required: { Mode: OFF } (AWS: required key [FlexibleTimeWindow] not found)',
  ],
  ['FlexibleTimeWindow.Mode', { FlexibleTimeWindow: {} }, 'is required (AWS: required key [Mode] not found)'],
  ['FlexibleTimeWindow.Mode', { FlexibleTimeWindow: { Mode: 'ON' } }, 'must be one of OFF, FLEXIBLE, got ON'],
  [
    'FlexibleTimeWindow.MaximumWindowInMinutes',
    { FlexibleTimeWindow: { Mode: 'FLEXIBLE' } },
    'is required with FLEXIBLE (AWS: ValidationException)',
  ],
  [
    'FlexibleTimeWindow.MaximumWindowInMinutes',
    { FlexibleTimeWindow: { Mode: 'FLEXIBLE', MaximumWindowInMinutes: 1_441 } },
    'must be 1 to 1440, got 1441',
  ],
  [
    'FlexibleTimeWindow.MaximumWindowInMinutes',
    { FlexibleTimeWindow: { Mode: 'OFF', MaximumWindowInMinutes: 5 } },
    'is for FLEXIBLE, not for OFF: remove it (AWS: ValidationException)',
  ],
])(
  '[documented] schedules: rejects the %s of Scheduler %j, naming resource and property',
  (property, properties, message) => {
    expect(() => schedule(properties)).toThrow(`Tick: ${property}: `);
    expect(() => schedule(properties)).toThrow(message);
  },
);

test.each<[string, object, string]>([
  ['State', { State: 'ON' }, 'must be one of ENABLED, DISABLED'],
  ['Schedule', { Schedule: 'rate(1 minute)' }, 'is not a known property; expected Description, EventBusName, '],
  [
    'EventBusName',
    { EventBusName: 'orders' },
    'expected the default event bus, because the rule has a schedule, found orders: remove it (AWS: ValidationException, ScheduleExpression is supported only on the default event bus.)',
  ],
  [
    'Targets',
    { Targets: Array.from({ length: 6 }, (_, index) => ({ ...target, Id: String(index) })) },
    'must hold at most 5, holds 6 (AWS: LimitExceededException)',
  ],
  ['Targets[0].Id', { Targets: [target] }, 'is required (AWS: required key [Id] not found)'],
  ['Targets[0].Inputs', { Targets: [{ ...ruleTarget, Inputs: '{}' }] }, 'is not a known property; expected AppSync'],
])(
  '[documented] schedules: rejects the %s of a rule %j, naming resource and property',
  (property, properties, message) => {
    const properly = { ScheduleExpression: 'rate(5 minutes)', ...properties };
    expect(() => rule(properly)).toThrow(`Tick: ${property}: `);
    expect(() => rule(properly)).toThrow(message);
  },
);

test('a rule may name the default event bus', () => {
  const ScheduleExpression = 'rate(5 minutes)';
  const arn = 'arn:aws:events:eu-central-1:123456789012:event-bus/default';
  for (const EventBusName of ['default', arn]) expect(rule({ ScheduleExpression, EventBusName })).toBeDefined();
});

test('[documented] schedules: rejects an expression of a rule, naming resource and property', () => {
  expect(() => rule({ ScheduleExpression: 'cron(0 ? ? * 1 *)' })).toThrow(
    'Tick: ScheduleExpression: hours: expected 0-23, found ? (AWS: ValidationException, Parameter ScheduleExpression is not valid)',
  );
});
