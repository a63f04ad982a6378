import {
  InvalidExpressionError,
  readRuleExpression,
  readSchedulerExpression,
} from '../../../../localstack/event-sources/schedule/expression.ts';
import { TimeZone } from '../../../../localstack/event-sources/schedule/time-zone.ts';

const at = (text: string) => Date.parse(text);
const iso = (time: number | undefined) => (time === undefined ? undefined : new Date(time).toISOString());
const next = (expression: string, after: string, start = after) =>
  iso(readRuleExpression(expression).next(at(after), at(start)));
const nextOfScheduler = (expression: string, after: string, zone?: string, start = after) =>
  iso(
    readSchedulerExpression(expression, zone === undefined ? undefined : TimeZone.find(zone)).next(
      at(after),
      at(start),
    ),
  );

/** The first times of a Scheduler expression. */
function times(expression: string, after: string, zone: string, count: number): (string | undefined)[] {
  const found: (string | undefined)[] = [];
  for (let last: string | undefined = after; found.length < count && last !== undefined; found.push(last)) {
    last = nextOfScheduler(expression, last, zone);
  }
  return found;
}

test('[known] the rate of a rule counts from creation, not from the full hour, and is due after its first period', () => {
  expect(next('rate(5 minutes)', '2026-11-22T10:02:03Z')).toBe('2026-11-22T10:07:03.000Z');
  expect(next('rate(5 minutes)', '2026-11-22T10:02:02Z', '2026-11-22T10:02:03Z')).toBe('2026-11-22T10:07:03.000Z');
  expect(next('rate(90 minutes)', '2026-11-22T12:00:00Z', '2026-11-22T10:00:00Z')).toBe('2026-11-22T13:00:00.000Z');
});

test('[documented] the rate of Scheduler is due at its start, then after each period', () => {
  const start = '2026-11-22T10:02:03Z';
  expect(nextOfScheduler('rate(5 minutes)', '2026-11-22T10:02:02Z', undefined, start)).toBe('2026-11-22T10:02:03.000Z');
  expect(nextOfScheduler('rate(5 minutes)', start, undefined, start)).toBe('2026-11-22T10:07:03.000Z');
  expect(nextOfScheduler('rate(1 day)', '2026-11-24T10:02:02Z', 'Europe/Berlin', start)).toBe(
    '2026-11-24T10:02:03.000Z',
  );
});

// 22 November 2026 is a Sunday.
test.each([
  ['cron(0 8 ? * 2 *)', '2026-11-23T08:00'],
  ['cron(0 8 ? * 1 *)', '2026-11-29T08:00'],
  ['cron(0 8 ? * 2#1 *)', '2026-12-07T08:00'],
  ['cron(0 8 ? * MON#1 *)', '2026-12-07T08:00'],
  ['cron(0 8 ? * 6L *)', '2026-11-27T08:00'],
  ['cron(0 8 ? * FRIL *)', '2026-11-27T08:00'],
  ['cron(0 8 ? * L *)', '2026-11-28T08:00'],
  ['cron(0 8 L * ? *)', '2026-11-30T08:00'],
  ['cron(0 8 15W 8 ? 2027)', '2027-08-16T08:00'],
  ['cron(0 8 1 1 ? 2030)', '2030-01-01T08:00'],
  ['cron(0 0 1 JAN ? 2199)', '2199-01-01T00:00'],
  ['cron(0/15 * * * ? *)', '2026-11-22T18:15'],
  ['cron(*/20 * * * ? *)', '2026-11-22T18:20'],
  ['cron(1/10 * * * ? *)', '2026-11-22T18:01'],
  ['cron(0 8 ? * fri-mon *)', '2026-11-23T08:00'],
  ['cron(0/30 20-2 ? * MON-FRI *)', '2026-11-23T00:00'],
  ['cron(0-15/1 8-8 ? * 2,3,4,5,6,7 *)', '2026-11-23T08:00'],
  ['cron(30-30 13-13 ? * 2,4,6 *)', '2026-11-23T13:30'],
])('[known] cron is in UTC, and 2 is Monday: %s', (expression, expected) => {
  expect(next(expression, '2026-11-22T18:00:00Z')).toBe(`${expected}:00.000Z`);
});

test('[documented] Scheduler has time zones and single times', () => {
  const now = '2026-11-22T18:00:00Z';
  expect(nextOfScheduler('cron(0 8 * * ? *)', now, 'Europe/Berlin')).toBe('2026-11-23T07:00:00.000Z');
  expect(nextOfScheduler('cron(0 8 * * ? *)', now, 'Asia/Kolkata')).toBe('2026-11-23T02:30:00.000Z');
  expect(nextOfScheduler('at(2026-12-01T00:00:00)', now)).toBe('2026-12-01T00:00:00.000Z');
  expect(nextOfScheduler('at(2026-12-01T00:00:00)', now, 'America/New_York')).toBe('2026-12-01T05:00:00.000Z');
  expect(nextOfScheduler('at(2026-11-01T00:00:00)', now)).toBeUndefined();
});

describe('[documented] daylight saving time of Scheduler', () => {
  // On 28 March 2027 Berlin's clock skips 02:00 to 03:00, on 31 October 2027 it shows 02:00 to 03:00 twice.
  const berlin = 'Europe/Berlin';

  test('a local time that the clock skips is skipped', () => {
    expect(times('cron(30 2 * * ? *)', '2027-03-27T00:00:00Z', berlin, 2)).toEqual([
      '2027-03-27T01:30:00.000Z',
      '2027-03-29T00:30:00.000Z',
    ]);
    expect(times('cron(0/30 * 28 3 ? 2027)', '2027-03-28T00:00:00Z', berlin, 3)).toEqual([
      '2027-03-28T00:30:00.000Z',
      '2027-03-28T01:00:00.000Z',
      '2027-03-28T01:30:00.000Z',
    ]);
  });

  test('a local time that the clock shows twice is due once', () => {
    expect(times('cron(30 2 * * ? *)', '2027-10-30T12:00:00Z', berlin, 2)).toEqual([
      '2027-10-31T00:30:00.000Z',
      '2027-11-01T01:30:00.000Z',
    ]);
    expect(times('cron(0/30 * 31 10 ? 2027)', '2027-10-31T00:00:00Z', berlin, 3)).toEqual([
      '2027-10-31T00:30:00.000Z',
      '2027-10-31T02:00:00.000Z',
      '2027-10-31T02:30:00.000Z',
    ]);
    // As after a restart while the clock shows this hour for the second time.
    expect(nextOfScheduler('cron(0/30 * * * ? *)', '2027-10-31T01:10:00Z', berlin)).toBe('2027-10-31T02:00:00.000Z');
  });

  test('a rate in days is 24 hours', () => {
    const start = '2027-03-27T08:00:00Z';
    expect(nextOfScheduler('rate(1 day)', start, berlin)).toBe('2027-03-28T08:00:00.000Z');
  });

  test('[inferred] an at() that the clock skips is never due, and one that it shows twice is due the first time', () => {
    const now = '2027-01-01T00:00:00Z';
    expect(nextOfScheduler('at(2027-03-28T02:30:00)', now, berlin)).toBeUndefined();
    expect(nextOfScheduler('at(2027-10-31T02:30:00)', now, berlin)).toBe('2027-10-31T00:30:00.000Z');
  });
});

test.each([
  ['Europe/Berlin', true],
  ['US/Pacific', true],
  ['UTC', true],
  ['Europe/Bremen', false],
  ['+01:00', false],
  ['', false],
])('the time zone %s is known: %s', (name, isKnown) => {
  expect(TimeZone.find(name) !== undefined).toBe(isKnown);
});

test.each([
  ['rate(1 minutes)', 'expected rate(1 minute), rate(5 minutes), rate(1 hour), ..., found rate(1 minutes)'],
  ['rate(2 minute)', 'found rate(2 minute)'],
  ['rate(0 minutes)', 'found rate(0 minutes)'],
  ['rate(-1 minutes)', 'found rate(-1 minutes)'],
  ['rate(5 seconds)', 'found rate(5 seconds)'],
  ['every minute', 'expected rate(...), cron(...) or at(...), found every minute'],
  [
    'cron(* * * * *)',
    'expected six fields (minutes, hours, day of month, month, day of week, year), found 5: cron(* * * * *)',
  ],
  ['cron(* * * * * *)', 'expected "?" in either day of month or day of week, found * and *'],
  ['cron(* * ? * ? *)', 'expected "?" in either day of month or day of week, found ? and ?'],
  ['cron(0 8 1 * 2 *)', 'found 1 and 2'],
  ['cron(61 * ? * 1 *)', 'minutes: expected 0-59, found 61'],
  ['cron(0/0 * ? * 1 *)', 'minutes: expected 0-59, found 0/0'],
  ['cron(5- * ? * 1 *)', 'minutes: expected 0-59, found 5-'],
  ['cron(1,,2 * ? * 1 *)', 'minutes: expected 0-59, found nothing'],
  ['cron(0 ? ? * 1 *)', 'hours: expected 0-23, found ?'],
  ['cron(0 24 ? * 1 *)', 'hours: expected 0-23, found 24'],
  ['cron(0 8 32 * ? *)', 'day of month: expected 1-31, found 32'],
  ['cron(0 8 0W * ? *)', 'day of month: expected 1-31, found 0'],
  ['cron(0 8 1,LW * ? *)', 'day of month: expected LW without other values, found 1,LW'],
  ['cron(0 8 1 13 ? *)', 'month: expected 1-12 or JAN-DEC, found 13'],
  ['cron(0 8 1 JANUARY ? *)', 'month: expected 1-12 or JAN-DEC, found JANUARY'],
  ['cron(0 8 1 ? ? *)', 'month: expected 1-12 or JAN-DEC, found ?'],
  ['cron(0 8 ? * 8 *)', 'day of week: expected 1-7 or SUN-SAT, found 8'],
  ['cron(0 8 ? * 0 *)', 'day of week: expected 1-7 or SUN-SAT, found 0'],
  ['cron(0 8 ? * 2-8 *)', 'day of week: expected 1-7 or SUN-SAT, found 8'],
  ['cron(0 8 ? * 8L *)', 'day of week: expected 1-7 or SUN-SAT, found 8'],
  ['cron(0 8 ? * 3#6 *)', 'day of week: expected 1 to 5 after "#", found 3#6'],
  ['cron(0 8 ? * 3#1,6#3 *)', 'day of week: expected only one expression where "#" is used, found 3#1,6#3'],
  ['cron(0 8 ? * 2 1969)', 'year: expected 1970-2199, found 1969'],
  ['cron(0 8 ? * 2 2200)', 'year: expected 1970-2199, found 2200'],
  ['cron(0 8 ? * 2 2030-2029)', 'year: expected a range that ends at or after its start, found 2030-2029'],
  [
    'at(2026-02-30T00:00:00)',
    'expected at(yyyy-mm-ddThh:mm:ss) with a date that exists, found at(2026-02-30T00:00:00)',
  ],
  ['at(2026-12-01T24:00:00)', 'found at(2026-12-01T24:00:00)'],
  ['at(2026-12-01)', 'found at(2026-12-01)'],
  ['at()', 'found at()'],
])('[documented] schedules: rejects %s', (expression, message) => {
  expect(() => readSchedulerExpression(expression)).toThrow(InvalidExpressionError);
  expect(() => readSchedulerExpression(expression)).toThrow(message);
});

test('[documented] schedules: a rule has no at()', () => {
  expect(() => readRuleExpression('at(2026-12-01T00:00:00)')).toThrow('expected rate(...) or cron(...), found at(');
});
