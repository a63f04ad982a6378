import { formatCount, formatDuration, formatNumber } from '../terminal/figures.ts';
import { formatTable, type TableOptions } from '../terminal/table.ts';
import { padText } from '../terminal/wrap.ts';
import { totalsTable } from '../totals-table.ts';
import type { ChangesResult } from './changes.ts';
import type { SalariesResult } from './salaries.ts';

export interface DemoResult {
  readonly salaries: SalariesResult;
  readonly changes: ChangesResult;
}

const NEXT = [
  ['npm start', 'starts the same stack, to stay'],
  ['npm run upload -- FILE.csv', 'uploads a file of yours to it'],
  ['npm run status -- --watch', 'shows what happens in it'],
] as const;

const LABEL_WIDTH = 11;
const NEXT_WIDTH = 30;

/** What both pipelines have done, on one screen, and where to look next. */
export function renderResult({ salaries, changes }: DemoResult, options: TableOptions): string {
  const { paint } = options;
  return [
    `${paint('good', '●')} Both results are verified: the totals are right, and A and B hold the same`,
    totalsTable(salaries.totals, options),
    fileTable(salaries, options),
    changesText(changes, options),
    NEXT.map(([command, does], index) => {
      const label = paint('dim', index === 0 ? 'NEXT'.padEnd(LABEL_WIDTH) : ' '.repeat(LABEL_WIDTH));
      return `${label}${paint('strong', padText(command, NEXT_WIDTH))}${does}`;
    }).join('\n'),
  ].join('\n\n');
}

function fileTable({ key, file, seconds }: SalariesResult, options: TableOptions): string {
  const counts = [file.read, file.filtered_out, file.rejected, file.refused, file.loaded];
  const titles = ['READ', 'FILTERED', 'REJECTED', 'REFUSED', 'LOADED', 'TOOK'];
  return formatTable(
    [
      { title: 'FILE', shrinks: true },
      { title: 'STATE' },
      ...titles.map((title) => ({ title, align: 'right' as const })),
    ],
    [[key, file.state, ...counts.map((count) => formatCount(BigInt(count))), formatDuration(seconds * 1_000)]],
    options,
  );
}

function changesText(result: ChangesResult, { paint }: TableOptions): string {
  const { snapshotRows, changes, latencyMs, rowsInBoth } = result;
  const { p50, p95, p99, max } = latencyMs;
  const latency = Object.entries({ p50, p95, p99, max }).map(([name, ms]) => `${name} ${formatDuration(ms)}`);
  const lines = [
    `snapshot of ${formatNumber(snapshotRows, 'row')}, then changes one by one and in bulk`,
    `${formatNumber(rowsInBoth, 'row')} in A and the same in B`,
    `${formatNumber(changes, 'single change')} visible in B after their commit in A:`,
    latency.join('   '),
  ];
  return lines
    .map(
      (line, index) => `${index === 0 ? paint('dim', 'CHANGES'.padEnd(LABEL_WIDTH)) : ' '.repeat(LABEL_WIDTH)}${line}`,
    )
    .join('\n');
}
