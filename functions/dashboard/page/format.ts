import { html, type Markup } from './markup.ts';

const integers = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 0 });

/** With thousands separators. 64-bit numbers arrive as text or bigint and keep every digit. */
export function formatCount(count: number | bigint | string): string {
  return integers.format(typeof count === 'string' ? BigInt(count) : count);
}

export function plural(count: number | bigint | string, noun: string, many = `${noun}s`): string {
  return `${formatCount(count)} ${String(count) === '1' ? noun : many}`;
}

/** At most three digits and one unit: 41 ms, 1.2 s, 3 min 20 s, 2 h 10 min, 4 d. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(Math.max(0, ms))} ms`;
  const seconds = ms / 1_000;
  if (seconds < 10) return `${seconds.toFixed(1)} s`;
  if (seconds < 60) return `${Math.floor(seconds)} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 10) return withRest(`${minutes} min`, Math.floor(seconds % 60), 's');
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return withRest(`${hours} h`, minutes % 60, 'min');
  return `${Math.floor(hours / 24)} d`;
}

function withRest(text: string, rest: number, unit: string): string {
  return rest === 0 ? text : `${text} ${rest} ${unit}`;
}

/** A time relative to `now`, in steps that are long enough for the text to stay the same between two polls. */
export function formatAgo(at: Date, now: Date): Markup {
  return timeElement(at, agoText(at, now));
}

/** The time since then, in the same steps. */
export function formatAge(at: Date, now: Date): Markup {
  return timeElement(at, isRecent(at, now) ? 'some seconds' : ageText(at, now));
}

/** `formatAgo` in words only. */
export function agoText(at: Date, now: Date): string {
  return isRecent(at, now) ? 'just now' : `${ageText(at, now)} ago`;
}

function timeElement(at: Date, text: string): Markup {
  return html`<time datetime="${at.toISOString()}" title="${at.toISOString()}">${text}</time>`;
}

function isRecent(at: Date, now: Date): boolean {
  return now.getTime() - at.getTime() < 10_000;
}

function ageText(at: Date, now: Date): string {
  const seconds = (now.getTime() - at.getTime()) / 1_000;
  if (seconds < 60) return `${Math.floor(seconds / 10) * 10} s`;
  return formatDuration(Math.floor(seconds / 60) * 60_000);
}

/** HH:MM:SS in UTC. */
export function formatClock(at: Date): string {
  return at.toISOString().slice(11, 19);
}

/** A reason, which begins with a small letter, as a sentence of its own. */
export function capitalized(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1);
}
