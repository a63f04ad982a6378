import type { LedgerEntry } from '../../ports/dead-letter-ledger.ts';
import { fileText, stateChip } from './dead-letter-list.ts';
import { formatAgo, formatCount } from './format.ts';
import { html, type Markup, NOTHING } from './markup.ts';

/** Everything that the ledger knows about one dead letter. */
export function deadLetterPage(entry: LedgerEntry, now: Date): Markup {
  const { id, code, rule, reason, state, recordKey, file, attempts, firstAt, lastAt } = entry;
  const fact = (name: string, value: string | Markup | null) =>
    value === null ? NOTHING : html`<dt>${name}</dt><dd>${value}</dd>`;
  return html`<div class="page"><h1>Dead letter</h1>
    <section class="card">
      <p class="row"><code>${code}</code>${stateChip(state)}</p>
      <p>${reason}</p>
      <dl class="facts">
        ${fact('Origin', id)}
        ${fact('Rule', rule)}
        ${fact('Key', recordKey)}
        ${fact('File', file === null ? null : fileText(file))}
        ${fact('Attempts', formatCount(attempts))}
        ${fact('First', formatAgo(firstAt, now))}
        ${fact('Last', formatAgo(lastAt, now))}
        ${fact('Is at', `${entry.topic}/${entry.partition}/${entry.offset}`)}
        ${fact('Redrive', entry.redriveId)}
      </dl>
    </section></div>`;
}
