/** How many seconds a rate of EventBridge is, such as `rate(5 minutes)`. @throws for a cron expression. */
export function secondsOfRate(rate) {
  const [, count, unit] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(rate) ?? [];
  if (unit === undefined) throw new Error(`expected a rate such as rate(5 minutes), found "${rate}"`);
  return Number(count) * { minute: 60, hour: 3_600, day: 86_400 }[unit];
}

/** Smaller: the failure of an invocation that has run for 15 minutes, and has the time of its beginning, would not count. */
const MIN_PERIOD_SECONDS = 600;

/**
 * The period of an alarm about a function with a schedule: two intervals, because invocations are late by some seconds, so that
 * a period of one interval may have none of them.
 */
export function periodOfRate(rate) {
  return Math.max(MIN_PERIOD_SECONDS, 2 * secondsOfRate(rate));
}

const periodOf =
  (parameter) =>
  async ({ resolveVariable }) =>
    periodOfRate(await resolveVariable(`param:${parameter}`));

export const reconcilePeriod = periodOf('reconcileRate');
export const verifyPeriod = periodOf('verifyRate');
