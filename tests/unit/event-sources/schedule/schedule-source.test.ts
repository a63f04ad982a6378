import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../../../localstack/event-sources/logger.ts';
import { ScheduleSource } from '../../../../localstack/event-sources/schedule/schedule-source.ts';
import type { Resource } from '../../../../localstack/event-sources/template/template.ts';
import { readTemplate } from '../../../../localstack/event-sources/template/template-model.ts';

let directory: string;
let stateFile: string;
let lines: { level: string; message: string }[];
let queued: { functionName: string; at: string; event: { time?: string } }[];
const running: ScheduleSource[] = [];

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'schedules-'));
  stateFile = join(directory, 'schedules.json');
  lines = [];
  queued = [];
  jest.useFakeTimers();
});
afterEach(() => {
  for (const source of running.splice(0)) source.stop();
  jest.useRealTimers();
  rmSync(directory, { recursive: true, force: true });
});

const target = { Id: 'fn', Arn: { 'Fn::GetAtt': ['Fn', 'Arn'] } };

/** Starts the rules of a template at the given time. Each rule is `[expression, further properties]`. */
function start(time: string, rules: Readonly<Record<string, readonly [string, object?]>>): ScheduleSource {
  return startResources(
    time,
    Object.entries(rules).map(([id, [ScheduleExpression, further]]) => [
      id,
      { Type: 'AWS::Events::Rule', Properties: { ScheduleExpression, Targets: [target], ...further } },
    ]),
  );
}

/** Starts a schedule of Scheduler at the given time. */
function startScheduler(time: string, ScheduleExpression: string, further: object = {}): ScheduleSource {
  const Target = { Arn: target.Arn, RoleArn: 'arn:aws:iam::123456789012:role/r' };
  const Properties = { ScheduleExpression, FlexibleTimeWindow: { Mode: 'OFF' }, Target, ...further };
  return startResources(time, [['Tick', { Type: 'AWS::Scheduler::Schedule', Properties }]]);
}

function startResources(time: string, resources: readonly (readonly [string, Resource])[]): ScheduleSource {
  if (!jest.isMockFunction(Date.now)) jest.setSystemTime(Date.parse(time));
  const { schedules, pseudoParameters } = readTemplate(
    {
      Resources: {
        Fn: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'fn' } },
        ...Object.fromEntries(resources),
      },
    },
    {},
    { allowErrorControlsOnDemand: false, maximumFilters: 5, now: Date.now },
  );
  const source = new ScheduleSource({
    schedules,
    queue: {
      enqueue: async (functionName, payload) => {
        queued.push({ functionName, at: new Date().toISOString(), event: JSON.parse(payload) as { time?: string } });
        return { id: '', functionName, payload, enqueuedAt: Date.now(), attempts: 0 };
      },
    },
    context: pseudoParameters,
    stateFile,
    log: createLogger('debug', (line) => lines.push(JSON.parse(line) as (typeof lines)[number])),
    clock: { now: Date.now, monotonic: () => performance.now() },
  });
  source.start();
  running.push(source);
  return source;
}

const minutes = (count: number) => jest.advanceTimersByTime(count * 60_000);
const times = () => queued.map(({ at }) => at);

test('[known] a rate fires in step from its creation, and the event has the time', () => {
  start('2026-11-22T10:02:03Z', { Tick: ['rate(5 minutes)'] });
  minutes(16);
  expect(times()).toEqual(['2026-11-22T10:07:03.000Z', '2026-11-22T10:12:03.000Z', '2026-11-22T10:17:03.000Z']);
  expect(queued.map(({ event }) => event.time)).toEqual([
    '2026-11-22T10:07:03Z',
    '2026-11-22T10:12:03Z',
    '2026-11-22T10:17:03Z',
  ]);
  expect(new Set(queued.map(({ functionName }) => functionName))).toEqual(new Set(['fn']));
});

test('[known] a rate stays in step over a restart, and executions due meanwhile are skipped', () => {
  start('2026-11-22T10:00:30Z', { Tick: ['rate(10 minutes)'] }).stop();
  start('2026-11-22T10:34:00Z', { Tick: ['rate(10 minutes)'] });
  minutes(10);
  expect(times()).toEqual(['2026-11-22T10:40:30.000Z']);
});

describe('the rate of Scheduler', () => {
  test('[documented] fires at its creation and then after each period', () => {
    startScheduler('2026-11-22T10:02:03Z', 'rate(5 minutes)');
    minutes(11);
    expect(times()).toEqual(['2026-11-22T10:02:03.000Z', '2026-11-22T10:07:03.000Z', '2026-11-22T10:12:03.000Z']);
    expect(queued[0]?.event.time).toBe('2026-11-22T10:02:03Z');
  });

  test('[documented] fires at its StartDate first, and up to its EndDate', () => {
    const dates = { StartDate: '2026-11-22T10:30:00Z', EndDate: '2026-11-22T10:41:00Z' };
    startScheduler('2026-11-22T10:02:03Z', 'rate(5 minutes)', dates);
    minutes(120);
    expect(times()).toEqual(['2026-11-22T10:30:00.000Z', '2026-11-22T10:35:00.000Z', '2026-11-22T10:40:00.000Z']);
  });

  test('[inferred] keeps its distances from a StartDate in the past', () => {
    startScheduler('2026-11-22T10:02:03Z', 'rate(5 minutes)', { StartDate: '2026-11-01T00:00:00Z' });
    minutes(5);
    expect(times()).toEqual(['2026-11-22T10:05:00.000Z']);
  });

  test('[inferred] does not fire at a restart, but when its expression has changed', () => {
    startScheduler('2026-11-22T10:00:30Z', 'rate(10 minutes)').stop();
    startScheduler('2026-11-22T10:04:00Z', 'rate(10 minutes)').stop();
    expect(times()).toEqual(['2026-11-22T10:00:30.000Z']);
    startScheduler('2026-11-22T10:05:00Z', 'rate(20 minutes)');
    expect(times()).toEqual(['2026-11-22T10:00:30.000Z', '2026-11-22T10:05:00.000Z']);
  });

  test('does not fire at once when the state file is unreadable', () => {
    writeFileSync(stateFile, '{"half');
    startScheduler('2026-11-22T10:00:30Z', 'rate(1 minute)');
    minutes(1);
    expect(times()).toEqual(['2026-11-22T10:01:30.000Z']);
  });
});

test('[documented] a cron of Scheduler fires from its StartDate up to its EndDate', () => {
  const dates = { StartDate: '2026-11-22T11:00:00Z', EndDate: '2026-11-22T12:00:00Z' };
  startScheduler('2026-11-22T10:02:03Z', 'cron(0/30 * * * ? *)', dates);
  minutes(180);
  expect(times()).toEqual(['2026-11-22T11:00:00.000Z', '2026-11-22T11:30:00.000Z', '2026-11-22T12:00:00.000Z']);
});

test('[inferred] a changed rate counts as a new schedule', () => {
  start('2026-11-22T10:00:30Z', { Tick: ['rate(10 minutes)'] }).stop();
  start('2026-11-22T10:34:00Z', { Tick: ['rate(5 minutes)'] });
  minutes(6);
  expect(times()).toEqual(['2026-11-22T10:39:00.000Z']);
});

// 22 November 2026 is a Sunday. The number of a weekday means the same day as its name, in every time zone.
test.each(['2', 'MON'])('[known] cron(0 8 ? * %s *) fires on Mondays at eight in UTC', (weekday) => {
  start('2026-11-22T18:00:00Z', { Monday: [`cron(0 8 ? * ${weekday} *)`] });
  minutes(8 * 24 * 60);
  expect(times()).toEqual(['2026-11-23T08:00:00.000Z', '2026-11-30T08:00:00.000Z']);
});

test('[known] cron(0 8 ? * MON-FRI *) does not fire on Saturday and Sunday', () => {
  start('2026-11-26T18:00:00Z', { Weekdays: ['cron(0 8 ? * MON-FRI *)'] });
  minutes(5 * 24 * 60);
  expect(times().map((time) => time.slice(0, 10))).toEqual(['2026-11-27', '2026-11-30', '2026-12-01']);
});

test('[documented] a disabled rule does not fire', () => {
  start('2026-11-22T10:00:00Z', { On: ['rate(1 hour)'], Off: ['rate(1 minute)', { State: 'DISABLED' }] });
  minutes(61);
  expect(times()).toEqual(['2026-11-22T11:00:00.000Z']);
});

test('[known] rules fire independently, and none after the stop', () => {
  const source = start('2026-11-22T10:00:00Z', { A: ['rate(1 minute)'], B: ['rate(2 minutes)'] });
  minutes(4);
  expect(queued).toHaveLength(6);
  source.stop();
  minutes(10);
  expect(queued).toHaveLength(6);
});

test('rates of schedules that are new are not in step, so that their functions do not all start at once', () => {
  start('2026-11-22T10:00:00Z', { A: ['rate(1 minute)'], B: ['rate(1 minute)'], C: ['rate(2 minutes)'] });
  minutes(2);
  expect(times().map((time) => time.slice(11, 19))).toEqual([
    '10:00:55',
    '10:01:00',
    '10:01:50',
    '10:01:55',
    '10:02:00',
  ]);
});

test('however many rates are new, none of a rule is due before its first period', () => {
  const rules = Array.from({ length: 20 }, (_, index) => [`R${index}`, ['rate(1 minute)']] as const);
  start('2026-11-22T10:00:00Z', Object.fromEntries(rules));
  expect(queued).toEqual([]);
});

test('a schedule that is due after the longest timer fires on its day', () => {
  start('2026-11-22T10:00:00Z', { NewYear: ['cron(0 0 1 1 ? 2028)'] });
  minutes(405 * 24 * 60);
  expect(times()).toEqual(['2028-01-01T00:00:00.000Z']);
});

describe('when the wall clock is set', () => {
  const HOUR_MS = 3_600_000;
  /** Sets the wall clock, and no timer. */
  const setWallClockBy = (ms: number) => jest.setSystemTime(Date.now() + ms);
  const rules = { Rate: ['rate(1 minute)'], Cron: ['cron(0/1 * * * ? *)'] } as const;

  test.each([
    ['back an hour', -HOUR_MS],
    ['forward an hour', HOUR_MS],
    ['back a day', -24 * HOUR_MS],
  ])('%s during a run, no schedule waits longer than two of its periods, and a rate no longer than one', (_, byMs) => {
    start('2026-11-22T10:00:30Z', rules);
    minutes(2);
    setWallClockBy(byMs);
    const [rates, crons] = [0, 0].map(() => [] as number[]) as [number[], number[]];
    for (let minute = 1; minute <= 10; minute += 1) {
      const before = queued.length;
      minutes(1);
      const added = queued.slice(before).map(({ at }) => at.slice(17, 19));
      rates.push(added.filter((second) => second === '30').length);
      crons.push(added.filter((second) => second === '00').length);
    }
    expect(rates).toEqual(Array.from({ length: 10 }, () => 1));
    expect(crons.slice(2)).toEqual(Array.from({ length: 8 }, () => 1));
  });

  test('back by less than five seconds, no execution is repeated', () => {
    start('2026-11-22T10:00:30Z', rules);
    minutes(1);
    const before = queued.length;
    setWallClockBy(-4_000);
    jest.advanceTimersByTime(20_000);
    expect(queued).toHaveLength(before);
  });

  test('back, the event of a rate has the time that the clock shows', () => {
    start('2026-11-22T10:00:30Z', { Rate: ['rate(1 minute)'] });
    setWallClockBy(-HOUR_MS);
    minutes(1);
    expect(queued).toMatchObject([{ event: { time: '2026-11-22T09:01:30Z' } }]);
  });

  test('back before a restart, a rate counts from now, and says so', () => {
    start('2026-11-22T15:00:30Z', { Rate: ['rate(1 minute)'] }).stop();
    start('2026-11-22T10:00:00Z', { Rate: ['rate(1 minute)'] });
    minutes(2);
    expect(times()).toEqual(['2026-11-22T10:01:00.000Z', '2026-11-22T10:02:00.000Z']);
    expect(lines).toEqual(
      expect.arrayContaining([expect.objectContaining({ message: expect.stringContaining('the clock was set back') })]),
    );
  });
});

test('schedules fire while the wall clock stands still', () => {
  jest.useFakeTimers({ doNotFake: ['Date'] });
  const frozen = jest.spyOn(Date, 'now').mockReturnValue(Date.parse('2026-11-22T10:00:30Z'));
  start('2026-11-22T10:00:30Z', { Rate: ['rate(1 minute)'], Cron: ['cron(0/1 * * * ? *)'] });
  minutes(5);
  frozen.mockRestore();
  expect(queued).toHaveLength(10);
});

test('an unreadable state file is a warning, and rates count from now', () => {
  writeFileSync(stateFile, '{"half');
  start('2026-11-22T10:00:30Z', { Tick: ['rate(1 minute)'] });
  minutes(1);
  expect(times()).toEqual(['2026-11-22T10:01:30.000Z']);
  expect(lines).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ level: 'warn', message: expect.stringContaining('could not be read') }),
    ]),
  );
});
