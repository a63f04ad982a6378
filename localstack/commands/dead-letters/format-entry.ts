import type { Envelope } from '../../../functions/core/dead-letter-envelope.ts';
import type { LedgerEntry } from '../../../functions/ports/dead-letter-ledger.ts';
import { formatAge, formatBytes } from '../terminal/figures.ts';
import { printable } from '../terminal/style.ts';
import { formatTable } from '../terminal/table.ts';
import { stateCell, type View } from './format-list.ts';

const MAX_PAYLOAD_BYTES = 4_096;

/**
 * One dead letter with its payload, made printable line by line.
 *
 * @param envelope `null` when Kafka no longer has it, or did not answer.
 * @param options.unread why Kafka did not answer.
 */
export function formatEntry(
  entry: LedgerEntry,
  envelope: Envelope | null,
  { now, paint, unread }: Pick<View, 'now' | 'paint'> & { readonly unread?: string | undefined },
): string {
  const place = ({ topic, partition, offset }: { topic: string; partition: number; offset: string }) =>
    `${topic}, partition ${partition}, offset ${offset}`;
  const time = (at: Date) => `${at.toISOString()} (${formatAge(at, now)} ago)`;
  const { origin, published } = entry;
  const facts = [
    ['id', entry.id],
    ['state', stateCell(entry.state)],
    ['code', entry.code],
    ['rule', entry.rule],
    ['reason', entry.reason],
    ['key', entry.recordKey],
    ['attempts', String(entry.attempts)],
    ['first', time(entry.firstAt)],
    ['last', time(entry.lastAt)],
    ['origin', 'topic' in origin ? place(origin) : JSON.stringify(origin)],
    ['file', entry.file && `${entry.file.bucket}/${entry.file.key}, version ${entry.file.version}`],
    ['row', entry.file?.row?.toString()],
    ['dead letter', place(entry)],
    ['redrive', entry.redriveId],
    ['published', published && place(published)],
    ['headers', envelope?.headers.map(([name, value]) => `${name}=${value}`).join(', ')],
  ] as const;
  const rows = facts.flatMap(([name, value]) => (value ? [[{ text: name, role: 'dim' as const }, value]] : []));
  const table = formatTable([{ title: '' }, { title: '' }], rows, { paint }).trimStart();
  const payload =
    unread === undefined
      ? payloadText(entry, envelope, paint)
      : paint('attention', `Its payload could not be read: ${printable(unread)}`);
  return [table, payload].join('\n\n');
}

function payloadText({ payloadBytes }: LedgerEntry, envelope: Envelope | null, paint: View['paint']): string {
  if (envelope === null) return paint('attention', 'Kafka no longer has this dead letter, so its payload is gone.');
  const { payload } = envelope;
  if (payload === null) return paint('dim', 'It has no payload.');
  const shown = payload.subarray(0, MAX_PAYLOAD_BYTES);
  const size = `payload, ${formatBytes(payloadBytes ?? payload.length)}`;
  const isCut = shown.length < (payloadBytes ?? payload.length);
  const title = paint('dim', isCut ? `${size}, the first ${formatBytes(shown.length)}` : size);
  return [title, shown.toString().split('\n').map(printable).join('\n')].join('\n');
}
