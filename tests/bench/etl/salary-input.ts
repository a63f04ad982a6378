import { createReadStream, createWriteStream } from 'node:fs';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { parse } from 'csv-parse';
import { salaryCsv } from '../../../localstack/commands/salary-csv.ts';

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

export interface SalaryInput {
  /** A file as the source system delivers it. Every row passes the filter. */
  readonly csvPath: string;
  /** The same rows as they are stored, with their identity, in COPY's text format. */
  readonly copyPath: string;
  readonly totals: ReadonlyMap<string, bigint>;
}

/** One row as it is stored: department, division, title, hire date, salary in whole units. */
export type StoredRow = readonly [string, string, string, string, string];

/** Creates the input of one run, and the expected totals, without the pipeline's own code. */
export async function createSalaryInput(directory: string, name: string, rows: number): Promise<SalaryInput> {
  const csvPath = `${directory}/${name}.csv`;
  const copyPath = `${directory}/${name}.copy`;
  await pipeline(Readable.from(salaryCsv({ rows, seed: rows, onlyKept: true })), createWriteStream(csvPath));
  const totals = new Map<string, bigint>();
  let rowNumber = 0;
  const toCopy = new Transform({
    objectMode: true,
    transform(record: string[], _encoding, done) {
      const row = storedRow(record);
      totals.set(row[0], (totals.get(row[0]) ?? 0n) + BigInt(row[4]));
      rowNumber += 1;
      done(null, `${row.join('\t')}\t0\t${rowNumber}\n`);
    },
  });
  await pipeline(createReadStream(csvPath), parse({ from: 2 }), toCopy, createWriteStream(copyPath));
  return { csvPath, copyPath, totals };
}

/** The first rows of a COPY file. */
export async function firstRows(copyPath: string, count: number): Promise<StoredRow[]> {
  const rows: StoredRow[] = [];
  const parser = createReadStream(copyPath).pipe(parse({ delimiter: '\t', quote: null, to: count }));
  for await (const row of parser as AsyncIterable<string[]>) rows.push(row.slice(0, 5) as unknown as StoredRow);
  return rows;
}

function storedRow(record: readonly string[]): StoredRow {
  const [department = '', division = '', , title = '', , hired = '', , salary = ''] = record;
  const [day = '', month = '', year = ''] = hired.split('-');
  const date = `${year}-${String(MONTHS.indexOf(month) + 1).padStart(2, '0')}-${day}`;
  return [department, division, title, date, salary.split('.')[0] ?? ''];
}
