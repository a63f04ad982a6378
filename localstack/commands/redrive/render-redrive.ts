import { formatCount, formatNumber } from '../terminal/figures.ts';
import { type Paint, printable } from '../terminal/style.ts';
import { formatTable } from '../terminal/table.ts';
import type { RedriveCount, RedriveFilter } from '../../../functions/core/redrive.ts';
import type { ShownRedrive } from './redrive-function.ts';

interface RenderOptions {
  readonly paint: Paint;
  /** Of the terminal; `undefined` when the output is none. */
  readonly width?: number | undefined;
}

/** A filter by many ids would fill the screen. */
const MAX_SHOWN_PARTS = 10;

export function countOf(counts: readonly RedriveCount[]): number {
  return counts.reduce((sum, { count }) => sum + count, 0);
}

/**
 * Which dead letters a redrive takes. It is shown before each redrive, because npm keeps an option that is given before
 * `--` for itself, so that a filter may be missing: `npm run redrive --key=7 -- --yes` has none.
 */
export function renderFilter(filter: RedriveFilter, count: number): string {
  const { topic, codes = [], key, file, ids = [] } = filter;
  const parts = [
    ...(topic === undefined ? [] : [`--topic ${topic}`]),
    ...codes.map((code) => `--code ${code}`),
    ...(key === undefined ? [] : [`--key ${key}`]),
    ...(file === undefined ? [] : [`--file ${file}`]),
    ...ids.map((id) => `--id ${id}`),
  ];
  if (parts.length === 0) return `No filter: all ${formatNumber(count, 'open dead letter')}.`;
  const shown = parts.slice(0, MAX_SHOWN_PARTS).map(printable).join(' ');
  return `Filter: ${shown}${parts.length > MAX_SHOWN_PARTS ? ' …' : ''}: ${formatNumber(count, 'dead letter')}.`;
}

/** What a redrive would publish, by code and destination. */
export function renderPlan(counts: readonly RedriveCount[], { paint, width }: RenderOptions): string {
  const columns = [
    { title: 'CODE', shrinks: true },
    { title: 'DESTINATION' },
    { title: 'DEAD LETTERS', align: 'right' },
  ] as const;
  const rows = counts.map(({ code, destination, count }) => [code, destination, formatCount(count)]);
  return formatTable(columns, rows, { paint, width });
}

/** One line of progress. */
export function renderProgress({ state, claimed, published, resolved, refused, obsolete }: ShownRedrive): string {
  if (state === 'planned' || state === 'running') {
    return `${formatCount(published + refused + obsolete)} of ${formatCount(claimed)} published`;
  }
  return `${formatCount(resolved)} of ${formatCount(published)} applied, the outcome of the others is awaited`;
}

/** Whether an operator has to look at the outcome. */
export function needsAttention({ failed, refused }: ShownRedrive): boolean {
  return failed + refused > 0;
}

/** The verdict, and why dead letters were not published or came back. */
export function renderOutcome(redrive: ShownRedrive, { paint }: RenderOptions): string {
  const { redriveId, state, claimed, published, resolved, failed, refused, obsolete, refusals } = redrive;
  const isWell = !needsAttention(redrive);
  const verdict = isWell ? paint('good', '● well') : paint('attention', '● attention');
  const parts = [`${formatCount(resolved)} applied`];
  if (failed > 0) parts.push(`${formatCount(failed)} failed again`);
  if (refused > 0) parts.push(`${formatCount(refused)} not published`);
  if (obsolete > 0) parts.push(`${formatCount(obsolete)} obsolete because their file was replaced`);
  const open = claimed - published - refused - obsolete;
  if (state === 'canceled') parts.push(`cancelled with ${formatCount(Math.max(0, open))} not published`);
  const lines = [
    `${verdict}   redrive ${redriveId}: ${parts.join(', ')} of ${formatNumber(claimed, 'dead letter')}`,
    ...refusals.flatMap(({ code, reason, count, ids: [first = ''] }) => [
      `  ${formatCount(count)} × ${code}, such as ${printable(first)}`,
      `      ${printable(reason)}`,
    ]),
  ];
  if (failed > 0) lines.push(`  the reason of each: npm run dead-letters`);
  return lines.join('\n');
}
