const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const KIB = 1_024;

/** 9,102,142 */
export function formatCount(count: number | bigint): string {
  return count.toLocaleString('en');
}

/** 3 dead letters; 1 dead letter */
export function formatNumber(count: number | bigint, singular: string, plural = `${singular}s`): string {
  return `${formatCount(count)} ${count === 1 || count === 1n ? singular : plural}`;
}

/** 41 ms, 1.2 s, 12 s, 41 min, 2 h 10 min, 3 d 4 h: at most two units, because more say nothing. */
export function formatDuration(ms: number): string {
  if (ms < SECOND - 0.5) return `${Math.round(Math.max(0, ms))} ms`;
  if (ms < 9_950) return `${(ms / SECOND).toFixed(1).replace('.0', '')} s`;
  if (ms < MINUTE - SECOND / 2) return `${Math.round(ms / SECOND)} s`;
  if (ms < HOUR) return `${Math.max(1, Math.floor(ms / MINUTE))} min`;
  if (ms < DAY) return twoUnits(ms, HOUR, 'h', MINUTE, 'min');
  return twoUnits(ms, DAY, 'd', HOUR, 'h');
}

function twoUnits(ms: number, large: number, largeName: string, small: number, smallName: string): string {
  const rest = Math.floor((ms % large) / small);
  const whole = `${formatCount(Math.floor(ms / large))} ${largeName}`;
  return rest === 0 ? whole : `${whole} ${rest} ${smallName}`;
}

/** How long ago a moment was: a date, or its ISO 8601 text. A moment in the future, by another clock, was just now. */
export function formatAge(moment: Date | string, now: Date): string {
  const at = typeof moment === 'string' ? new Date(moment) : moment;
  const seconds = Math.max(0, Math.floor((now.getTime() - at.getTime()) / SECOND));
  return formatDuration(seconds * SECOND).replace(/^0 ms$/, '0 s');
}

/** 1,004/s */
export function formatRate(perSecond: number): string {
  const rounded = perSecond > 0 && perSecond < 10 ? Math.round(perSecond * 10) / 10 : Math.round(perSecond);
  return `${formatCount(rounded)}/s`;
}

/** 512 B, 1.5 MB */
export function formatBytes(bytes: number): string {
  const units = ['B', 'KB', 'MB', 'GB', 'TB'];
  const unit = bytes < KIB ? 0 : Math.min(units.length - 1, Math.floor(Math.log(bytes) / Math.log(KIB)));
  const value = bytes / KIB ** unit;
  return `${unit === 0 || value >= 100 ? Math.round(value) : Number(value.toFixed(1))} ${units[unit]}`;
}
