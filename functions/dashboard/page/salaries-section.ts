import type { DepartmentTotal, FileProgress, SalaryOverview } from '../../ports/salary-view.ts';
import type { DashboardState } from '../../ports/dashboard-state.ts';
import { bar } from './chart.ts';
import { formatAgo, formatCount, plural } from './format.ts';
import { breakable, html, type Markup, NOTHING } from './markup.ts';
import { chip, shown } from './section.ts';

const SHOWN_FILES = 6;

/** Totals as bars with numbers, and the newest files with their progress. */
export function salariesSection({ readings, now }: DashboardState): Markup {
  return html`<header><h2>Salaries</h2></header>
    ${shown(readings.salaries, 'the target database', now, (overview) => salariesContent(overview, now))}`;
}

function salariesContent({ totals, newest }: SalaryOverview, now: Date): Markup {
  return html`${totalsList(totals)}
    <div class="row"><h3>Newest files</h3><a href="/files">All files</a></div>
    ${newest.length === 0 ? html`<p class="quiet">No file has arrived yet.</p>` : fileList(newest.slice(0, SHOWN_FILES), now)}`;
}

function totalsList(totals: readonly DepartmentTotal[]): Markup {
  if (totals.length === 0) return html`<p class="quiet">No salaries are loaded yet.</p>`;
  const greatest = Math.max(1, ...totals.map(({ totalSalary }) => Number(totalSalary)));
  return html`<ul class="totals">${totals.map(
    ({ department, totalSalary, employees }) => html`<li>
      <b>${department}</b> <b>${formatCount(totalSalary)}</b> <span class="quiet">${plural(employees, 'employee')}</span>
      ${bar(Number(totalSalary) / greatest)}
    </li>`,
  )}</ul>`;
}

export function fileList(files: readonly FileProgress[], now: Date): Markup {
  return html`<ul class="files">${files.map((file) => fileItem(file, now))}</ul>`;
}

const STATES = {
  loading: ['loading', 'busy'],
  complete: ['complete', 'good'],
  rejected: ['rejected', 'bad'],
  superseded: ['superseded', 'plain'],
  unchanged: ['unchanged', 'plain'],
} as const;

function fileItem(file: FileProgress, now: Date): Markup {
  const [word, kind] = STATES[file.state];
  const isLoading = file.state === 'loading';
  return html`<li>
    <p class="row"><b class="name">${breakable(file.key)}</b>${chip(word, kind)}</p>
    ${isLoading && file.sent > 0 ? bar((file.loaded + file.refused) / file.sent, 'busy') : NOTHING}
    <p class="quiet">${accounting(file)}${whyLink(file)} · ${formatAgo(file.finishedAt ?? file.startedAt, now)}</p>
  </li>`;
}

/** Leads to the reasons, when the file or some of its rows have failed. */
function whyLink({ key, state, rejected, refused }: FileProgress): Markup {
  if (state !== 'rejected' && (state === 'superseded' || rejected + refused === 0)) return NOTHING;
  return html` (<a href="/dead-letters?file=${encodeURIComponent(key)}">why<span class="hidden"> ${state === 'rejected' ? `${key} was rejected` : `rows of ${key} failed`}</span></a>)`;
}

/** Every row is accounted for: read = filtered out + rejected + sent, and sent = loaded + refused at the end. */
function accounting({ state, read, filteredOut, rejected, sent, loaded, refused }: FileProgress): string {
  if (state === 'rejected') return 'No row counts';
  const bad = rejected + refused;
  const parts = [
    `${plural(read, 'row')} read`,
    `${formatCount(filteredOut)} filtered out`,
    `${formatCount(sent)} sent`,
  ];
  parts.push(`${formatCount(loaded)} loaded`);
  if (bad > 0) parts.push(`${formatCount(bad)} dead-lettered`);
  return parts.join(', ');
}
