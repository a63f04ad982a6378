import type { Reading } from '../../ports/dashboard-state.ts';
import { formatClock, formatDuration } from './format.ts';
import { html, type Markup, NOTHING } from './markup.ts';

/** A named part of the page. `tag` identifies its content, so that a poll transfers only what has changed. */
export interface Section {
  readonly id: string;
  readonly title: string;
  readonly content: Markup;
}

/** What a reading shows: its content, and above it why the content is old or missing. */
export function shown<Value>(
  reading: Reading<Value>,
  what: string,
  now: Date,
  content: (value: Value) => Markup,
): Markup {
  return html`${failureNotice(reading, what, now)}${reading.value === null ? NOTHING : content(reading.value)}`;
}

/** `what` is a noun phrase such as "the target database". */
export function failureNotice(reading: Reading<unknown>, what: string, now: Date): Markup {
  const { failure, at, value } = reading;
  if (failure === null)
    return value === null && at === null ? html`<p class="quiet">Waiting for ${what} …</p>` : NOTHING;
  const steps = Math.floor((now.getTime() - failure.since.getTime()) / 5_000);
  const age = steps < 1 ? 'some seconds' : formatDuration(steps * 5_000);
  const kept = at === null || value === null ? '' : ` Shown as of ${formatClock(at)} UTC.`;
  return html`<p class="failure" role="status"><b>No answer from ${what}</b> for ${age}: ${failure.message}.${kept}</p>`;
}

/** A number with its name. */
export function figure(name: string, value: string | Markup, kind = ''): Markup {
  return html`<div class="figure ${kind}"><dt>${name}</dt><dd>${value}</dd></div>`;
}

/** A word for a state, with a colour. */
export function chip(text: string, kind: 'good' | 'bad' | 'warn' | 'busy' | 'plain'): Markup {
  return html`<span class="chip ${kind}">${text}</span>`;
}
