import { Cron } from 'croner';
import type { ScheduleExpression } from '../model/schedule.ts';
import { readCronFields } from './cron-fields.ts';
import { InvalidExpressionError } from './invalid-expression.ts';
import type { TimeZone } from './time-zone.ts';

export { InvalidExpressionError } from './invalid-expression.ts';

const unitMs: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Reads the `rate(...)` and `cron(...)` of a rule, which is always in UTC. */
export function readRuleExpression(text: string): ScheduleExpression {
  const { kind, body } = split(text);
  if (kind === 'rate') return rate(body, 1);
  if (kind === 'cron') return cron(body);
  throw new InvalidExpressionError(`expected rate(...) or cron(...), found ${text}`);
}

/** Reads the `rate(...)`, `cron(...)` and `at(...)` of Scheduler. Without a time zone they are in UTC. */
export function readSchedulerExpression(text: string, timeZone?: TimeZone): ScheduleExpression {
  const { kind, body } = split(text);
  // https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html: without a StartDate, a rate starts at once.
  if (kind === 'rate') return rate(body, 0);
  if (kind === 'cron') return cron(body, timeZone);
  if (kind === 'at') return once(body, timeZone);
  throw new InvalidExpressionError(`expected rate(...), cron(...) or at(...), found ${text}`);
}

function split(text: string): { kind: string | undefined; body: string } {
  const [, kind, body = ''] = /^(rate|cron|at)\((.*)\)$/.exec(text.trim()) ?? [];
  return { kind, body };
}

/** The first time is `firstPeriod` periods after the start. */
function rate(body: string, firstPeriod: 0 | 1): ScheduleExpression {
  const [, count = '', unit = '', plural = ''] = /^(\d+) (minute|hour|day)(s?)$/.exec(body) ?? [];
  const number = Number(count);
  if (number < 1 || (number === 1) === (plural === 's')) {
    throw new InvalidExpressionError(
      `expected rate(1 minute), rate(5 minutes), rate(1 hour), ..., found rate(${body})`,
    );
  }
  const periodMs = number * (unitMs[unit] ?? 0);
  return {
    kind: 'rate',
    next: (afterMs, startMs) =>
      startMs + Math.max(firstPeriod, Math.floor((afterMs - startMs) / periodMs) + 1) * periodMs,
  };
}

/**
 * AWS's six fields. A local time that the clock skips is skipped, and one that it shows twice counts once:
 * https://docs.aws.amazon.com/scheduler/latest/UserGuide/schedule-types.html (daylight saving time).
 */
function cron(body: string, timeZone?: TimeZone): ScheduleExpression {
  const { minutes, hours, dayOfMonth, month, dayOfWeek, year } = readCronFields(body);
  const pattern = `0 ${minutes} ${hours} ${dayOfMonth} ${month} ${dayOfWeek} ${year}`;
  // In UTC also for other time zones, because croner would run a skipped time after the gap and repeat the repeated hour.
  const job = new Cron(pattern, { timezone: 'UTC', mode: '7-part', alternativeWeekdays: true });
  return {
    kind: 'cron',
    next: (afterMs) => {
      let localMs = timeZone?.toLocal(afterMs) ?? afterMs;
      for (;;) {
        const next = job.nextRun(new Date(localMs))?.getTime();
        if (next === undefined) return undefined;
        localMs = next;
        const ms = timeZone === undefined ? localMs : timeZone.toMoment(localMs);
        if (ms !== undefined && ms > afterMs) return ms;
      }
    },
  };
}

function once(body: string, timeZone?: TimeZone): ScheduleExpression {
  const localMs = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(body) ? Date.parse(`${body}Z`) : Number.NaN;
  // Date.parse also takes the 30th of February, for the 2nd of March.
  if (Number.isNaN(localMs) || new Date(localMs).toISOString().slice(0, 19) !== body) {
    throw new InvalidExpressionError(`expected at(yyyy-mm-ddThh:mm:ss) with a date that exists, found at(${body})`);
  }
  const ms = timeZone === undefined ? localMs : timeZone.toMoment(localMs);
  return { kind: 'once', next: (afterMs) => (ms !== undefined && ms > afterMs ? ms : undefined) };
}
