import { encodeDeadLetter } from '../../../../functions/core/dead-letter.ts';
import { decodeEnvelope } from '../../../../functions/core/dead-letter-envelope.ts';
import type { LedgerEntry } from '../../../../functions/ports/dead-letter-ledger.ts';
import { formatEntry } from '../../../../localstack/commands/dead-letters/format-entry.ts';
import { formatList } from '../../../../localstack/commands/dead-letters/format-list.ts';
import { plainPaint } from '../../../../localstack/commands/terminal/style.ts';
import { changeEntry } from '../../../contract/dead-letter-ledger.ts';

const now = new Date('2026-11-26T12:10:00Z');
const view = { now, paint: plainPaint, width: undefined };
const entry: LedgerEntry = { ...changeEntry(42), state: 'open', stateAt: now, redriveId: null, published: null };
const { topic, code } = entry;

const envelopeOf = (payload: Buffer | null) => {
  const { origin, reason } = entry;
  const headers = [['source', Buffer.from('größe')] as const];
  const stamp = { at: '2026-11-26T10:00:00Z', sha256: null, traceparent: '00-1-2-00' };
  const { value } = encodeDeadLetter({ code, reason, origin, payload, headers }, stamp);
  return decodeEnvelope(Buffer.from(String(value))) ?? null;
};

test('the list begins with the counts, and says how many it shows', () => {
  const counts = [
    { topic, code, state: 'open' as const, count: 1_200 },
    { topic, code, state: 'parked' as const, count: 1 },
  ];
  expect(formatList({ entries: [entry], counts }, view).split('\n')).toEqual([
    '1,201 dead letters, the latest 1 shown',
    '',
    'CODE               STATE   TOPIC                         COUNT',
    'PIPE_CHANGE_FIELD  open    employee-changes.dead-letter  1,200',
    'PIPE_CHANGE_FIELD  parked  employee-changes.dead-letter      1',
    '',
    'ID                     CODE               STATE  KEY  ATTEMPTS       FIRST        LAST  REASON',
    'employee-changes/3/42  PIPE_CHANGE_FIELD  open   7           1  2 h 10 min  2 h 10 min  expected a number',
    '',
    'npm run dead-letters -- show ID   npm run dead-letters -- discard ID',
  ]);
});

test('the list says so when there are none', () => {
  expect(formatList({ entries: [], counts: [] }, view)).toBe('No dead letters.');
});

test('one has its facts, headers and payload', () => {
  const text = formatEntry(entry, envelopeOf(Buffer.from('{"a":1}\n\u001b[2J')), view);
  expect(text).toMatch(/^id +employee-changes\/3\/42\nstate +open\n/);
  expect(text).toMatch(/\nlast +2026-11-26T10:00:00\.000Z \(2 h 10 min ago\)\n/);
  expect(text).toMatch(/\norigin +employee-changes, partition 3, offset 42\n/);
  expect(text).toMatch(/\nheaders +source=größe\n/);
  expect(text).toMatch(/\npayload, 250 B.*\n\{"a":1\}\n\\x1b\[2J$/);
  expect(text).not.toContain('redrive');
});

test('one shows at most 4 KB of its payload', () => {
  const text = formatEntry({ ...entry, payloadBytes: 10_000 }, envelopeOf(Buffer.alloc(10_000, 'x')), view);
  expect(text).toContain('payload, 9.8 KB, the first 4 KB');
  expect(text).toMatch(/\nx{4096}$/);
});

test('one without a payload, and one that has expired in Kafka, say so', () => {
  expect(formatEntry({ ...entry, payloadBytes: null }, envelopeOf(null), view)).toContain('It has no payload.');
  expect(formatEntry(entry, null, view)).toContain('Kafka no longer has this dead letter');
});

test('one that Kafka does not give has its facts, and says why its payload is missing', () => {
  const text = formatEntry(entry, null, { ...view, unread: 'connect ECONNREFUSED 127.0.0.1:9092' });
  expect(text).toMatch(/^id +employee-changes\/3\/42\nstate +open\n/);
  expect(text).toMatch(/\n\nIts payload could not be read: connect ECONNREFUSED 127\.0\.0\.1:9092$/);
});
