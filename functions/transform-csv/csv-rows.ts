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

/**
 * The values of each record of a batch, as they stand in the file, quotes resolved, blanks around them kept.
 *
 * `columnCount` is that of the header: csv-parse makes an error object of every record that has another count than the
 * first, so a first line with that count goes in front; only records that do differ then cost that.
 */
export function parseRecords(batch: RecordBatch, columnCount: number): string[][] {
  if (batch.starts.length === 0) return [];
  const firstLine = Buffer.from(`"${'","'.repeat(columnCount - 1)}"\n`);
  const [, ...rows] = parse(Buffer.concat([firstLine, batch.unpadded]), OPTIONS) as unknown as string[][];
  if (rows.length !== batch.starts.length) {
    throw new Error(
      `csv-parse read ${rows.length} rows out of ${batch.starts.length} records: row numbers would be wrong`,
    );
  }
  return rows;
}
