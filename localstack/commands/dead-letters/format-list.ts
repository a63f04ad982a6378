import type { DeadLetterCount, LedgerEntry } from '../../../functions/ports/dead-letter-ledger.ts';
import { commandFor } from '../stage/stage-options.ts';
import { formatAge, formatCount, formatNumber } from '../terminal/figures.ts';
import type { Paint } from '../terminal/style.ts';
import { type Cell, type Column, formatTable } from '../terminal/table.ts';

export interface View {
  readonly now: Date;
  readonly paint: Paint;
  readonly width: number | undefined;
  /** The deployed stage that the list is about. */
  readonly stage?: string | undefined;
}

const COUNT_COLUMNS: readonly Column[] = [
  { title: 'CODE' },
  { title: 'STATE' },
  { title: 'TOPIC' },
  { title: 'COUNT', align: 'right' },
];

const COLUMNS: readonly Column[] = [
  { title: 'ID' },
  { title: 'CODE' },
  { title: 'STATE' },
  { title: 'KEY' },
  { title: 'ATTEMPTS', align: 'right' },
  { title: 'FIRST', align: 'right' },
  { title: 'LAST', align: 'right' },
  { title: 'REASON', shrinks: true },
];

/** How many there are, then the latest ones. */
export function formatList(
  { entries, counts }: { readonly entries: readonly LedgerEntry[]; readonly counts: readonly DeadLetterCount[] },
  { now, paint, width, stage }: View,
): string {
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return paint('good', 'No dead letters.');
  const countRows = counts.map(({ code, state, topic, count }): Cell[] => [
    code,
    stateCell(state),
    topic,
    formatCount(count),
  ]);
  const rows = entries.map((entry): Cell[] => [
    entry.id,
    entry.code,
    stateCell(entry.state),
    entry.recordKey ?? '–',
    formatCount(entry.attempts),
    formatAge(entry.firstAt, now),
    formatAge(entry.lastAt, now),
    entry.reason,
  ]);
  const shown = entries.length < total ? `, the latest ${formatCount(entries.length)} shown` : '';
  return [
    paint('strong', `${formatNumber(total, 'dead letter')}${shown}`),
    formatTable(COUNT_COLUMNS, countRows, { paint, width }),
    formatTable(COLUMNS, rows, { paint, width }),
    paint(
      'dim',
      ['show', 'discard'].map((verb) => commandFor(`npm run dead-letters -- ${verb} ID`, stage)).join('   '),
    ),
  ].join('\n\n');
}

export function stateCell(state: LedgerEntry['state']): Cell {
  if (state === 'open' || state === 'parked') return { text: state, role: 'attention' };
  return state === 'resolved' ? { text: state, role: 'good' } : state;
}
