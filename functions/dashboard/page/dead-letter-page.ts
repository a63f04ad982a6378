import type { LedgerEntry } from '../../ports/dead-letter-ledger.ts';
import type { ShownPayload } from '../shown-payload.ts';
import { fileText, stateChip } from './dead-letter-list.ts';
import { capitalized, formatAgo, formatCount, plural } from './format.ts';
import { breakable, html, type Markup, NOTHING } from './markup.ts';

/**
 * Everything about one dead letter. The payload is shown nowhere else, because it has values of rows.
 *
 * @param payload `null` when there is none, `undefined` when it could not be read
 */
export function deadLetterPage(entry: LedgerEntry, payload: ShownPayload | null | undefined, now: Date): Markup {
  const { id, code, rule, reason, state, recordKey, file, attempts, firstAt, lastAt } = entry;
  const fact = (name: string, value: string | Markup | null) =>
    value === null ? NOTHING : html`<dt>${name}</dt><dd>${value}</dd>`;
  return html`<div class="page"><h1>Dead letter</h1>
    <section class="card">
      <p class="row"><code>${breakable(code)}</code>${stateChip(state)}</p>
      <p>${capitalized(reason)}</p>
      <dl class="facts">
        ${fact('Origin', id)}
        ${fact('Rule', rule)}
        ${fact('Key', recordKey)}
        ${fact('File', file === null ? null : fileText(file))}
        ${fact('Attempts', formatCount(attempts))}
        ${fact('First failed', formatAgo(firstAt, now))}
        ${fact('Last failed', formatAgo(lastAt, now))}
        ${fact('Stored at', `${entry.topic}/${entry.partition}/${entry.offset}`)}
        ${fact('Redrive', entry.redriveId === null ? null : html`<a href="/redrives/${entry.redriveId}">${entry.redriveId}</a>`)}
      </dl>
      ${state === 'open' || state === 'parked' ? html`<p><a class="button" href="/redrive?id=${encodeURIComponent(id)}">Redrive this one</a></p>` : NOTHING}
    </section>
    <section class="card"><h2>Payload</h2>${payloadContent(entry, payload)}</section></div>`;
}

function payloadContent({ payloadBytes, file }: LedgerEntry, payload: ShownPayload | null | undefined): Markup {
  if (payload === undefined) {
    return html`<p class="failure" role="status">Kafka does not answer; try again in some seconds.</p>`;
  }
  if (payload === null) {
    return html`<p class="quiet">${missingPayloadText(file, payloadBytes)}</p>`;
  }
  const notes = [
    ...(payloadBytes === null ? [] : [plural(payloadBytes, 'byte')]),
    ...(payload.encoding === 'base64' ? ['in base64, because it is no text'] : []),
    ...(payload.isCut ? ['only the beginning is shown'] : []),
  ];
  return html`<pre tabindex="0">${payload.text}</pre><p class="quiet">${notes.join(' · ')}</p>`;
}

function missingPayloadText(file: LedgerEntry['file'], payloadBytes: number | null): string {
  if (file !== null && file.row === null) return 'None: this is a whole file, which is in the bucket.';
  if (payloadBytes === null) return 'None: the record had no value.';
  return 'It is gone: the topic has deleted it after its retention time, or was created again.';
}
