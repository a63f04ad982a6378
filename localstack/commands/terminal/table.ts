import Table from 'cli-table3';
import stringWidth from 'string-width';
import { type Paint, printable, type Role } from './style.ts';

export interface Column {
  readonly title: string;
  /** Numbers are right-aligned. Default: left. */
  readonly align?: 'left' | 'right';
  /** Shortened when the table is wider than the terminal. At most one column. */
  readonly shrinks?: boolean;
}

/** Text as it came from a database or a file; the table makes it printable and gives it its colour. */
export type Cell = string | { readonly text: string; readonly role: Role };

export interface TableOptions {
  readonly paint: Paint;
  /** Of the terminal; `undefined` does not shorten anything. */
  readonly width?: number | undefined;
}

const GAP = '  ';
const MIN_WIDTH = 8;
const NO_BORDERS = Object.fromEntries(
  ['top', 'bottom', 'left', 'right', 'mid']
    .flatMap((name) => [name, `${name}-mid`, `${name}-left`, `${name}-right`])
    .map((name) => [name, '']),
);

/** A table without borders: dim titles, then the rows. No line ends with a space. */
export function formatTable(
  columns: readonly Column[],
  rows: readonly (readonly Cell[])[],
  { paint, width }: TableOptions,
): string {
  const cells = rows.map((row) => row.map(toCell));
  const widths = columns.map(({ title }, index) =>
    Math.max(stringWidth(title), ...cells.map((row) => stringWidth(row[index]?.text ?? ''))),
  );
  const table = new Table({
    chars: { ...NO_BORDERS, middle: GAP },
    style: { 'padding-left': 0, 'padding-right': 0, head: [], border: [], compact: true },
    colAligns: columns.map(({ align = 'left' }) => align),
    colWidths: shrink(columns, widths, width),
  });
  table.push(columns.map(({ title }) => paint('dim', title)));
  table.push(...cells.map((row) => row.map(({ text, role }) => paint(role, text))));
  return table
    .toString()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function toCell(cell: Cell): { readonly text: string; readonly role: Role } {
  return typeof cell === 'string'
    ? { text: printable(cell), role: 'plain' }
    : { text: printable(cell.text), role: cell.role };
}

function shrink(columns: readonly Column[], widths: readonly number[], width: number | undefined): number[] {
  const total = widths.reduce((sum, each) => sum + each, 0) + GAP.length * (columns.length - 1);
  const excess = width === undefined ? 0 : Math.max(0, total - width);
  return widths.map((each, index) =>
    columns[index]?.shrinks ? Math.min(each, Math.max(MIN_WIDTH, each - excess)) : each,
  );
}
