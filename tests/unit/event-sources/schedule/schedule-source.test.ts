import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createLogger } from '../../../../localstack/event-sources/logger.ts';
import { ScheduleSource } from '../../../../localstack/event-sources/schedule/schedule-source.ts';
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

/** Starts the rules of a template at the given time. Each rule is `[expression, further properties]`. */
function start(time: string, rules: Readonly<Record<string, readonly [string, object?]>>): ScheduleSource {
  jest.setSystemTime(Date.parse(time));
  const target = { Id: 'fn', Arn: { 'Fn::GetAtt': ['Fn', 'Arn'] } };
  const { schedules, pseudoParameters } = readTemplate(
    {
      Resources: {
        Fn: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'fn' } },
        ...Object.fromEntries(
          Object.entries(rules).map(([id, [ScheduleExpression, further]]) => [
            id,
            { Type: 'AWS::Events::Rule', Properties: { ScheduleExpression, Targets: [target], ...further } },
          ]),
        ),
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
    now: Date.now,
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
  start('2026-11-22T10:00:00Z', { Off: ['rate(1 minute)', { State: 'DISABLED' }], On: ['rate(1 hour)'] });
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

test('a schedule that is due after the longest timer fires on its day', () => {
  start('2026-11-22T10:00:00Z', { NewYear: ['cron(0 0 1 1 ? 2028)'] });
  minutes(405 * 24 * 60);
  expect(times()).toEqual(['2028-01-01T00:00:00.000Z']);
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
