import type { Redrive, RedriveCount } from '../../core/redrive.ts';
import { bar } from './chart.ts';
import { deadLetterPath } from './dead-letter-list.ts';
import { isActive, redriveChip } from './dead-letters-section.ts';
import { formatAgo, formatCount, plural } from './format.ts';
import { breakable, html, type Markup, NOTHING } from './markup.ts';
import { figure } from './section.ts';

type Fields = Readonly<Partial<Record<keyof typeof LABELS, string>>>;

const LABELS = { code: 'Code', key: 'Key', file: 'File', id: 'Dead letter' } as const;

/** What a redrive would take now, with a note and the confirmation. */
export function redriveForm(fields: Fields, counts: readonly RedriveCount[]): Markup {
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  const chosen = Object.entries(fields);
  // The table has the codes.
  const shown = counts.length === 0 ? chosen : chosen.filter(([name]) => name !== 'code');
  return html`<div class="page"><h1>Redrive ${plural(total, 'dead letter')}?</h1>
    <section class="card">
      <p>Records are published to their topics again; rows and files are read from the bucket again. All are judged by the
        rules of today. Nothing counts twice, and nothing newer is overwritten. Mend the cause first: what fails again comes
        back with one attempt more.</p>
      ${shown.length === 0 ? NOTHING : html`<dl class="facts">${shown.map(([name, value]) => html`<dt>${LABELS[name as keyof Fields]}</dt><dd>${value}</dd>`)}</dl>`}
      ${countTable(counts)}
      ${
        total === 0
          ? html`<p class="quiet">No open dead letter matches. <a href="/dead-letters">All dead letters</a></p>`
          : html`<form method="post" action="/redrive">
        ${chosen.map(([name, value]) => html`<input type="hidden" name="${name}" value="${value}">`)}
        <label>Note, kept with the redrive <input name="note" maxlength="1000" autocomplete="off"></label>
        <div class="actions"><button>Redrive ${formatCount(total)}</button><a class="button second" href="/dead-letters">Not now</a></div>
      </form>`
      }
    </section></div>`;
}

function countTable(counts: readonly RedriveCount[]): Markup {
  if (counts.length === 0) return NOTHING;
  return html`<table class="partitions"><thead><tr><th scope="col">Code</th><th scope="col">To</th><th scope="col" class="number">Dead letters</th></tr></thead>
    <tbody>${counts.map(
      ({ code, destination, count }) =>
        html`<tr><th scope="row"><code>${breakable(code)}</code></th><td>${destination}</td><td class="number">${formatCount(count)}</td></tr>`,
    )}</tbody></table>`;
}

/** The progress and the outcome of a redrive. It refreshes itself while something may still happen. */
export function redrivePage(redrive: Redrive, now: Date): Markup {
  const { redriveId, note, createdAt, finishedAt, claimed, published, resolved, failed, refused, obsolete, counts } =
    redrive;
  const settled = resolved + failed + refused + obsolete;
  const refresh = isActive(redrive)
    ? html` hx-get="/redrives/${redriveId}" hx-trigger="every 2s" hx-select="#redrive" hx-swap="outerMorph"`
    : NOTHING;
  return html`<div class="page" id="redrive"${refresh}><h1>${note ?? `Redrive ${redriveId}`}</h1>
    <section class="card">
      <p class="row"><span class="quiet">Redrive ${redriveId}, begun ${formatAgo(new Date(createdAt), now)}${
        finishedAt === null ? NOTHING : html`, ended ${formatAgo(new Date(finishedAt), now)}`
      }</span>${redriveChip(redrive)}</p>
      ${claimed === 0 ? NOTHING : bar(settled / claimed, isActive(redrive) ? 'busy' : '')}
      <dl class="figures">
        ${figure('Claimed', formatCount(claimed))}
        ${figure('Published', formatCount(published))}
        ${figure('Resolved', formatCount(resolved), resolved > 0 ? 'good' : '')}
        ${figure('Failed again', formatCount(failed), failed > 0 ? 'bad' : '')}
        ${figure('Refused', formatCount(refused), refused > 0 ? 'bad' : '')}
        ${obsolete > 0 ? figure('Obsolete', formatCount(obsolete), '') : NOTHING}
      </dl>
      ${refusals(redrive)}
      ${countTable(counts)}
      ${
        isActive(redrive) && redrive.state !== 'settling'
          ? html`<form method="post" action="/redrives/${redriveId}/cancel"><div><button class="second">Cancel the redrive</button></div></form>`
          : NOTHING
      }
      ${failed > 0 ? html`<p><a href="/dead-letters">Look at those that failed again</a></p>` : NOTHING}
    </section></div>`;
}

function refusals({ refusals: all }: Redrive): Markup {
  if (all.length === 0) return NOTHING;
  return html`<ul class="causes">${all.map(
    ({ code, reason, count, ids }) => html`<li><b>${plural(count, 'dead letter')}</b> refused: ${reason}
      <br><span class="quiet"><code>${code}</code> ${ids.map((id) => html`<a href="${deadLetterPath(id)}">${id}</a> `)}</span></li>`,
  )}</ul>`;
}
