import { RowParser } from './row-parser.ts';
import { RowScanner } from './row-scanner.ts';

/** Added after each row. With LF alone, a CR at the end of a row would become part of its line end. */
const LINE_END = Buffer.from('\r\n');

/** Not 0, where a byte order mark is left out. */
const ANYWHERE = { byteOffset: 1, line: 1 };

/**
 * Parses single rows of one file, each from its own bytes without line end.
 *
 * @returns the values of each row; `null` for bytes that are not exactly one row.
 */
export function parseRows(rows: readonly Uint8Array[], columnCount: number): (string[] | null)[] {
  return parseTogether(rows, columnCount) ?? rows.map((row) => parseTogether([row], columnCount)?.[0] ?? null);
}

/** Parses all rows at once, which is many times faster. `null` when one of them is not exactly one row. */
function parseTogether(rows: readonly Uint8Array[], columnCount: number): string[][] | null {
  const scanner = new RowScanner(ANYWHERE);
  scanner.add(Buffer.concat(rows.flatMap((row) => [row, LINE_END])));
  const batch = scanner.end();
  let start = 0;
  const isWhole = rows.every((row, index) => {
    const isRow = batch.starts[index] === start && batch.ends[index] === start + row.length;
    start += row.length + LINE_END.length;
    return isRow;
  });
  if (batch.fault !== null || batch.starts.length !== rows.length || !isWhole) return null;
  return new RowParser(columnCount).parse(batch);
}
