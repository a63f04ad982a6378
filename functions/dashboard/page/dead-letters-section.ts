import type { DeadLetterGroup, DeadLetterOverview, RedriveProgress } from '../../ports/dead-letter-view.ts';
import type { DashboardState } from '../../ports/dashboard-state.ts';
import { bar } from './chart.ts';
import { deadLetterPath } from './dead-letter-list.ts';
import { capitalized, formatAgo, formatCount, plural } from './format.ts';
import { breakable, html, type Markup, NOTHING } from './markup.ts';
import { chip, shown } from './section.ts';

/** How many codes are shown, those with most open dead letters first. Larger: a phone has to scroll further. */
const SHOWN_CODES = 6;

/** Dead letters by code, with a sample of each, and the latest redrives. */
export function deadLettersSection({ readings, now }: DashboardState): Markup {
  return html`<header><h2>Dead letters</h2><a href="/dead-letters">All dead letters</a></header>
    ${shown(readings.deadLetters, 'the target database', now, (overview) => deadLettersContent(overview, now))}`;
}

function deadLettersContent({ groups, redrives }: DeadLetterOverview, now: Date): Markup {
  return html`${groups.length === 0 ? html`<p class="quiet">None waits.</p>` : groupList(groups, now)}
    ${redrives.length === 0 ? NOTHING : html`<h3>Latest redrives</h3><ul class="files">${redrives.map((redrive) => redriveItem(redrive, now))}</ul>`}`;
}

function groupList(groups: readonly DeadLetterGroup[], now: Date): Markup {
  const list = (some: readonly DeadLetterGroup[]) =>
    html`<ul class="codes">${some.map((group) => groupItem(group, now))}</ul>`;
  // Folding one code away would save nothing.
  if (groups.length <= SHOWN_CODES + 1) return list(groups);
  const others = groups.slice(SHOWN_CODES);
  return html`${list(groups.slice(0, SHOWN_CODES))}
    <details><summary>${plural(others.length, 'more code')}</summary>${list(others)}</details>`;
}

function groupItem(group: DeadLetterGroup, now: Date): Markup {
  const code = encodeURIComponent(group.code);
  const counts = [
    ...(group.open > 0 ? [`${formatCount(group.open)} open`] : []),
    ...(group.redriven > 0 ? [`${formatCount(group.redriven)} redriven`] : []),
    ...(group.parked > 0 ? [`${formatCount(group.parked)} parked`] : []),
    ...(group.lastHour > 0 ? [`${formatCount(group.lastHour)} in the last hour`] : []),
  ].join(' · ');
  return html`<li>
    <p class="row"><a class="code" href="/dead-letters?code=${code}"><code>${breakable(group.code)}</code></a>${redriveButton(group)}</p>
    <p>${counts}</p>
    <p class="quiet">first ${formatAgo(group.firstAt, now)}, last ${formatAgo(group.lastAt, now)}</p>
    <p class="sample"><a href="${deadLetterPath(group.sampleId)}">${capitalized(group.sampleReason)}</a></p>
  </li>`;
}

/** One line about a redrive, with its progress while it runs. */
function redriveItem(redrive: RedriveProgress, now: Date): Markup {
  const { id, note, createdAt } = redrive;
  return html`<li>
    <p class="row"><a class="name" href="/redrives/${id}">${note || `Redrive ${id}`}</a>${redriveChip(redrive)}</p>
    ${isActive(redrive) && redrive.claimed > 0 ? bar((redrive.resolved + redrive.failed + redrive.refused) / redrive.claimed, 'busy') : NOTHING}
    <p class="quiet">${redriveCounts(redrive)} · ${formatAgo(createdAt, now)}</p>
  </li>`;
}

function redriveButton({ code, open }: DeadLetterGroup): Markup {
  if (open === 0) return NOTHING;
  return html`<a class="button small" href="/redrive?code=${encodeURIComponent(code)}">Redrive<span class="hidden"> the dead letters with code ${code}</span></a>`;
}

/** What a redrive that is not finished is doing. */
const ACTIVE: Readonly<Partial<Record<RedriveProgress['state'], string>>> = {
  planned: 'planned',
  running: 'publishing',
  settling: 'awaiting outcomes',
};

/** Whether something may still happen to it. */
export function isActive({ state }: Pick<RedriveProgress, 'state'>): boolean {
  return ACTIVE[state] !== undefined;
}

export function redriveChip(redrive: Pick<RedriveProgress, 'state' | 'failed' | 'refused'>): Markup {
  const { state, failed, refused } = redrive;
  const activity = ACTIVE[state];
  if (activity !== undefined) return chip(activity, 'busy');
  if (state === 'canceled') return chip('cancelled', 'plain');
  if (state === 'failed') return chip('failed', 'warn');
  if (failed > 0) return chip('some failed again', 'warn');
  return refused > 0 ? chip('some refused', 'warn') : chip(state, 'good');
}

function redriveCounts({ claimed, published, resolved, failed, refused }: RedriveProgress): string {
  const parts = [
    plural(claimed, 'dead letter'),
    `${formatCount(published)} published`,
    `${formatCount(resolved)} resolved`,
  ];
  if (failed > 0) parts.push(`${formatCount(failed)} failed again`);
  if (refused > 0) parts.push(`${formatCount(refused)} refused`);
  return parts.join(', ');
}
