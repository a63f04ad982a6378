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
const rule = (properties: object) =>
  read({ Type: 'AWS::Events::Rule', Properties: { Targets: [target], ...properties } });
const schedule = (properties: object) =>
  read({
    Type: 'AWS::Scheduler::Schedule',
    Properties: { Target: target, ScheduleExpression: 'rate(5 minutes)', ...properties },
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
])(
  '[documented] schedules: rejects the %s of Scheduler %j, naming resource and property',
  (property, properties, message) => {
    expect(() => schedule(properties)).toThrow(`Tick: ${property}: `);
    expect(() => schedule(properties)).toThrow(message);
  },
);

test('[documented] schedules: rejects an expression of a rule, naming resource and property', () => {
  expect(() => rule({ ScheduleExpression: 'cron(0 ? ? * 1 *)' })).toThrow(
    'Tick: ScheduleExpression: hours: expected 0-23, found ? (AWS: ValidationException, Parameter ScheduleExpression is not valid)',
  );
});
