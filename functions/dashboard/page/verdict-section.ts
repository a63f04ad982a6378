import { summarizeAgreement } from '../../core/agreement.ts';
import type { Attention } from '../../core/verdict.ts';
import type { DashboardState } from '../../ports/dashboard-state.ts';
import { capitalized, formatAge, formatDuration, plural } from './format.ts';
import { ICON } from './icons.ts';
import { html, type Markup, NOTHING } from './markup.ts';

/** The code of the dead letters that wait. */
const DEAD_LETTERS = 'PIPE_DEAD_LETTERS';

/** The first thing on the page: all is well, or each thing that needs attention, since when and what to do. */
export function verdictSection(state: DashboardState, attention: readonly Attention[]): Markup {
  const title = titleOf(attention);
  if (attention.length === 0) {
    return html`<div class="verdict good" data-title="${title}">${ICON.well}<div><h1>All is well</h1>${summary(state)}</div></div>`;
  }
  const heading = attention.length === 1 ? 'One thing needs attention' : `${attention.length} things need attention`;
  return html`<div class="verdict bad" data-title="${title}">${ICON.attention}<div><h1>${heading}</h1>${summary(state)}</div></div>
    <ol class="attention">${attention.map((item) => attentionItem(item, state.now))}</ol>`;
}

function attentionItem({ code, subject, message, since, command }: Attention, now: Date): Markup {
  return html`<li>
    <p><b>${subject}</b>${since === null ? NOTHING : html`<span class="quiet">, ${code === DEAD_LETTERS ? 'oldest' : 'for'} ${formatAge(since, now)}</span>`}</p>
    <p>${capitalized(message)}</p>
    <p class="foot"><code>${code}</code>${help(code, command)}</p>
  </li>`;
}

/** A page that helps, or the command. */
const LINKS: Readonly<Record<string, readonly [href: string, text: string]>> = {
  [DEAD_LETTERS]: ['/dead-letters', 'Look'],
};

function help(code: string, command: string | null): Markup {
  const [href, text] = LINKS[code] ?? [];
  if (href !== undefined) return html`<a class="button small" href="${href}">${text}</a>`;
  return command === null ? NOTHING : html`<code>${command}</code>`;
}

/** One line with the figures that matter when all is well. */
function summary({ readings }: DashboardState): Markup {
  const { latency, agreement, salaries } = readings;
  const facts: string[] = [];
  if (latency.value?.p99Ms != null) facts.push(`changes arrive within ${formatDuration(latency.value.p99Ms)}`);
  const compared = agreement.value === null ? null : summarizeAgreement(agreement.value);
  if (compared !== null && compared.rows > 0 && compared.different === 0) {
    facts.push(`${plural(compared.rows, 'employee')} agree`);
  }
  if (salaries.value !== null) {
    const { totals, loading } = salaries.value;
    if (loading > 0) facts.push(`${plural(loading, 'file')} loading`);
    else if (totals.length > 0) facts.push(`${plural(totals.length, 'department')} totalled`);
  }
  return facts.length === 0 ? NOTHING : html`<p>${capitalized(facts.join(' · '))}</p>`;
}

/** The title of the browser's tab. */
export function titleOf(attention: readonly Attention[]): string {
  return attention.length === 0
    ? 'All is well · employee-streams'
    : `(${attention.length}) Needs attention · employee-streams`;
}
