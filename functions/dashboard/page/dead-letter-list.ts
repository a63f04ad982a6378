import type { DeadLetterState } from '../../core/dead-letter-entry.ts';
import type { LedgerEntry } from '../../ports/dead-letter-ledger.ts';
import { capitalized, formatAgo, plural } from './format.ts';
import { breakable, html, type Markup, NOTHING } from './markup.ts';
import { chip } from './section.ts';

/** What a viewer has asked for: fixed fields, each of which must match. */
export interface ListedDeadLetters {
  readonly code?: string;
  readonly key?: string;
  readonly file?: string;
  /** Without one, those that wait. */
  readonly state?: DeadLetterState;
}

/** Dead letters by fixed fields, the newest first. */
export function deadLetterList(
  filter: ListedDeadLetters,
  found: readonly LedgerEntry[],
  limit: number,
  now: Date,
): Markup {
  const count = found.length === limit ? `The newest ${limit} dead letters` : plural(found.length, 'dead letter');
  const states = filter.state ?? (found.length === 1 ? 'which waits' : 'which wait');
  return html`<div class="page"><h1>Dead letters</h1>
    <section class="card">
      <form class="filters" action="/dead-letters">
        ${filterField('code', 'Code', filter.code)}${filterField('key', 'Key', filter.key)}${filterField('file', 'File', filter.file)}
        <div><button>Filter</button></div>
      </form>
      <p class="row"><span class="quiet">${count}, ${states}</span>${redriveLink(filter, found)}</p>
      ${found.length === 0 ? NOTHING : html`<ul class="codes">${found.map((entry) => entryItem(entry, now))}</ul>`}
    </section></div>`;
}

function redriveLink({ code, key, file }: ListedDeadLetters, found: readonly LedgerEntry[]): Markup {
  if (!found.some(({ state }) => state === 'open')) return NOTHING;
  const given = Object.entries({ code, key, file }).filter(
    (field): field is [string, string] => field[1] !== undefined,
  );
  return html`<a class="button small" href="/redrive?${new URLSearchParams(given).toString()}">Redrive these</a>`;
}

function filterField(name: string, label: string, value: string | undefined): Markup {
  return html`<label>${label} <input name="${name}" value="${value ?? ''}" maxlength="200" autocomplete="off"></label>`;
}

function entryItem({ id, code, state, reason, recordKey, file, attempts, lastAt }: LedgerEntry, now: Date): Markup {
  const where = [
    ...(recordKey === null ? [] : [`key ${recordKey}`]),
    ...(file === null ? [] : [fileText(file)]),
    ...(attempts > 1 ? [`failed ${attempts} times`] : []),
  ].join(' · ');
  return html`<li>
    <p class="row"><a class="code" href="${deadLetterPath(id)}"><code>${breakable(code)}</code></a>${stateChip(state)}</p>
    <p>${capitalized(reason)}</p>
    <p class="quiet">${where} · ${formatAgo(lastAt, now)}</p>
  </li>`;
}

export function fileText({ key, row }: NonNullable<LedgerEntry['file']>): string {
  return row === null ? key : `${key}, row ${row}`;
}

export function deadLetterPath(id: string): string {
  return `/dead-letter?id=${encodeURIComponent(id)}`;
}

export function stateChip(state: DeadLetterState): Markup {
  if (state === 'open') return chip(state, 'warn');
  if (state === 'parked') return chip(state, 'bad');
  if (state === 'resolved') return chip(state, 'good');
  return chip(state, state === 'claimed' || state === 'redriven' ? 'busy' : 'plain');
}
