import { parse } from 'csv-parse/sync';
import type { RecordBatch } from './record-scanner.ts';

/** As the scanner reads: a CR without LF is data, and so is a quote inside an unquoted value. */
const OPTIONS = {
  record_delimiter: ['\r\n', '\n'],
  relax_quotes: true,
  relax_column_count: true,
  skip_empty_lines: true,
};

/** The values of the first record of a batch that has one. */
export function parseHeader(batch: RecordBatch): string[] {
  const [header] = parse(batch.unpadded, { ...OPTIONS, to: 1 }) as unknown as string[][];
  if (header === undefined) throw new Error('csv-parse read no header out of a batch that begins with a record');
  return header;
}

/** Reads the records of one file, batch by batch. */
export class RowParser {
  readonly #firstLine: Buffer;
  /** The parser's input, used again for each batch: its values are texts of their own. */
  #input: Buffer = Buffer.alloc(0);

  /**
   * `columnCount` is that of the header: csv-parse makes an error object of every record that has another count than
   * the first, so a first line with that count goes in front; only records that do differ then cost that.
   */
  constructor(columnCount: number) {
    this.#firstLine = Buffer.from(`"${'","'.repeat(columnCount - 1)}"\n`);
  }

  /** The values of each record of a batch, as they stand in the file, quotes resolved, blanks around them kept. */
  parse(batch: RecordBatch): string[][] {
    if (batch.starts.length === 0) return [];
    const rows = parse(this.#compose(batch.unpadded), OPTIONS) as unknown as string[][];
    if (rows.length !== batch.starts.length + 1) {
      throw new Error(
        `csv-parse read ${rows.length - 1} rows out of ${batch.starts.length} records: row numbers would be wrong`,
      );
    }
    rows.shift();
    return rows;
  }

  #compose(records: Buffer): Buffer {
    const size = this.#firstLine.length + records.length;
    if (size > this.#input.length) this.#input = Buffer.allocUnsafeSlow(2 * size);
    this.#input.set(this.#firstLine, 0);
    this.#input.set(records, this.#firstLine.length);
    return this.#input.subarray(0, size);
  }
}
