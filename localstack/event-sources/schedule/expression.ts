import { Cron } from 'croner';
import type { ScheduleExpression } from '../model/schedule.ts';

/** An expression that AWS would reject. */
export class InvalidExpressionError extends Error {
  override name = 'InvalidExpressionError';
}

const unitMs: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

/** Reads `rate(...)`, `cron(...)` and, for Scheduler, `at(...)`. */
export function readExpression(text: string, timezone: string, allowAt: boolean): ScheduleExpression {
  const [, kind, body = ''] = /^(rate|cron|at)\((.*)\)$/.exec(text.trim()) ?? [];
  if (kind === 'rate') return rate(body);
  if (kind === 'cron') return cron(body, timezone);
  if (kind === 'at' && allowAt) return once(body, timezone);
  throw new InvalidExpressionError(`expected rate(...) or cron(...)${allowAt ? ' or at(...)' : ''}, got ${text}`);
}

/** A rate counts from the creation of the schedule, not from the full hour. */
function rate(body: string): ScheduleExpression {
  const [, count = '', unit = '', plural = ''] = /^(\d+) (minute|hour|day)(s?)$/.exec(body) ?? [];
  const number = Number(count);
  if (number < 1 || (number === 1) === (plural === 's')) {
    throw new InvalidExpressionError(`expected rate(1 minute), rate(5 minutes), rate(1 hour), ..., got rate(${body})`);
  }
  const periodMs = number * (unitMs[unit] ?? 0);
  return {
    isRate: true,
    next: (afterMs, createdAtMs) =>
      createdAtMs + (Math.max(0, Math.floor((afterMs - createdAtMs) / periodMs)) + 1) * periodMs,
  };
}

/** AWS's six fields: minutes, hours, day of month, month, day of week (1 is Sunday), year. */
function cron(body: string, timezone: string): ScheduleExpression {
  const fields = body.trim().split(/\s+/);
  const [minute, hour, dayOfMonth = '', month, dayOfWeek = '', year] = fields;
  if (fields.length !== 6) throw new InvalidExpressionError(`expected six fields, got ${fields.length}: cron(${body})`);
  if ((dayOfMonth === '?') === (dayOfWeek === '?')) {
    throw new InvalidExpressionError(`expected "?" in either day-of-month or day-of-week: cron(${body})`);
  }
  const weekday = dayOfWeek === '?' ? '*' : dayOfWeek.replace(/^L$/, '7').replace(/^([1-7]|[A-Z]{3})L$/i, '$1#L');
  const pattern = ['0', minute, hour, dayOfMonth === '?' ? '*' : dayOfMonth, month, weekday, year].join(' ');
  try {
    const job = new Cron(pattern, { timezone, mode: '7-part', alternativeWeekdays: true, sloppyRanges: true });
    return { isRate: false, next: (afterMs) => job.nextRun(new Date(afterMs))?.getTime() };
  } catch (error) {
    throw new InvalidExpressionError(`cron(${body}): ${(error as Error).message}`, { cause: error });
  }
}

function once(body: string, timezone: string): ScheduleExpression {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/.test(body)) {
    throw new InvalidExpressionError(`expected at(yyyy-mm-ddThh:mm:ss), got at(${body})`);
  }
  const job = new Cron(body, { timezone });
  return { isRate: false, next: (afterMs) => job.nextRun(new Date(afterMs))?.getTime() };
}
