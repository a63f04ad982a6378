import { parse } from 'csv-parse/sync';
import type { RowBatch } from './row-batch.ts';

/** The same reading as `RowScanner`'s: a CR without LF is data, and so is a quote inside an unquoted value. */
const OPTIONS = {
  record_delimiter: ['\r\n', '\n'],
  relax_quotes: true,
  relax_column_count: true,
  skip_empty_lines: true,
};

/** Parses the first row of a batch that has at least one. */
export function parseHeader(batch: RowBatch): string[] {
  const [header] = parse(batch.unpadded, { ...OPTIONS, to: 1 }) as unknown as string[][];
  if (header === undefined) throw new Error('csv-parse returned no row for a batch that begins with one');
  return header;
}

/** Parses the rows of one file, batch by batch. */
export class RowParser {
  readonly #firstLine: Buffer;
  /** The parser's input, reused for every batch; the parsed values are copies. */
  #input: Buffer = Buffer.alloc(0);

  /**
   * @param columnCount number of columns in the header. csv-parse creates an error object for each row whose number of
   * values differs from the first row's, which is slow. So each batch is parsed after a line with this many values.
   */
  constructor(columnCount: number) {
    this.#firstLine = Buffer.from(`"${'","'.repeat(columnCount - 1)}"\n`);
  }

  /** Returns the values of each row, quotes resolved and blanks around unquoted values kept. */
  parse(batch: RowBatch): string[][] {
    if (batch.starts.length === 0) return [];
    const rows = parse(this.#afterFirstLine(batch.unpadded), OPTIONS) as unknown as string[][];
    if (rows.length !== batch.starts.length + 1) {
      throw new Error(
        `expected csv-parse to return ${batch.starts.length} rows, got ${rows.length - 1}: row numbers would be wrong`,
      );
    }
    rows.shift();
    return rows;
  }

  #afterFirstLine(rows: Buffer): Buffer {
    const size = this.#firstLine.length + rows.length;
    if (size > this.#input.length) this.#input = Buffer.allocUnsafeSlow(2 * size);
    this.#input.set(this.#firstLine, 0);
    this.#input.set(rows, this.#firstLine.length);
    return this.#input.subarray(0, size);
  }
}
