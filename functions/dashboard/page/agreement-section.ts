import { causeText, summarizeAgreement } from '../../core/agreement.ts';
import { DEAD_LETTER_HOLDER, type DifferenceCause, type DifferenceSample } from '../../core/verification.ts';
import type { Agreement } from '../../ports/verification-store.ts';
import type { DashboardState } from '../../ports/dashboard-state.ts';
import { agoText, formatAgo, formatCount, plural } from './format.ts';
import { html, type Markup, NOTHING } from './markup.ts';
import { chip, figure, shown } from './section.ts';

const SHOWN_KEYS = 5;

/** Whether B agrees with A, when that was checked, and the differences by cause. */
export function agreementSection({ readings, now }: DashboardState): Markup {
  return html`<header><h2>Agreement</h2><form method="post" action="/verify"><button class="small">Verify now</button></form></header>
    ${shown(readings.agreement, 'the target database', now, (agreement) => agreementContent(agreement, now))}`;
}

function agreementContent(agreement: Agreement, now: Date): Markup {
  const summary = summarizeAgreement(agreement);
  const { rows, different, held, unsettled, causes, heldBy, samples, newestCheckAt } = summary;
  if (newestCheckAt === null)
    return html`<p class="quiet">A and B have not been compared yet.</p>${salaries(agreement)}`;
  return html`<dl class="figures">
      ${figure('Rows', formatCount(rows))}
      ${figure('Different', formatCount(different), different > 0 ? 'bad' : 'good')}
      ${figure('Held', formatCount(held))}
      ${unsettled > 0 ? figure('Unsettled', formatCount(unsettled)) : NOTHING}
    </dl>
    ${causes.length + heldBy.length === 0 ? NOTHING : html`<ul class="causes">${causes.map((cause) => causeItem(cause, samples))}${heldBy.map(heldItem)}</ul>`}
    ${salaries(agreement)}
    <p class="quiet">${checkedText(newestCheckAt, agreement.oldestCheckedAt, now)}</p>`;
}

function checkedText(newestAt: Date, oldestAt: Date | null, now: Date): Markup {
  const newest = formatAgo(newestAt, now);
  if (oldestAt === null) return html`Checked ${newest}, not every part yet.`;
  const oldest = formatAgo(oldestAt, now);
  const isSame = agoText(newestAt, now) === agoText(oldestAt, now);
  return isSame ? html`Every part was checked ${oldest}.` : html`Checked ${newest}, the oldest part ${oldest}.`;
}

function causeItem([cause, rows]: readonly [DifferenceCause, number], samples: readonly DifferenceSample[]): Markup {
  const keys = samples.filter((sample) => sample.cause === cause).slice(0, SHOWN_KEYS);
  return html`<li><b>${plural(rows, 'row')}</b> ${causeText(cause)}
    ${keys.length === 0 ? NOTHING : html`<br><span class="quiet">emp_id ${keys.map(sampleText).join(', ')}${rows > keys.length ? ' …' : ''}</span>`}</li>`;
}

function sampleText({ empId, columns }: DifferenceSample): string {
  return columns.length === 0 ? String(empId) : `${empId} (${columns.join(', ')})`;
}

function heldItem([holder, rows]: readonly [string, number]): Markup {
  const by =
    holder === DEAD_LETTER_HOLDER ? html`a <a href="/dead-letters">dead letter</a>` : html`rule <code>${holder}</code>`;
  return html`<li><b>${plural(rows, 'row')}</b> held by ${by}</li>`;
}

function salaries({ salaries: checked }: Agreement): Markup {
  if (checked === null) return NOTHING;
  if (checked.differences === 0) return html`<p>${chip('salary totals equal the rows', 'good')}</p>`;
  return html`<p>${chip('salary totals differ', 'bad')}</p>
    <ul class="causes">${checked.findings.slice(0, SHOWN_KEYS).map(({ subject, message }) => html`<li><b>${subject}</b> ${message}</li>`)}</ul>`;
}
