import { createReadStream } from 'node:fs';
import { parse } from 'csv-parse';

const DEPARTMENTS = new Set(['ECC', 'CIT', 'EMS']);
const MONTHS = ['jan', 'feb', 'mar', 'apr', 'may', 'jun', 'jul', 'aug', 'sep', 'oct', 'nov', 'dec'];
const FIRST_YEAR = 2010;
const TEXT_COLUMNS = ['department', 'department-division', 'position title'];
const MAX_TEXT_CHARACTERS = 200;
const INT32_MAX = 2_147_483_647n;

/** What the tables must contain after a file. */
export interface ExpectedTotals {
  readonly totals: ReadonlyMap<string, bigint>;
  /** The number of rows that are kept. */
  readonly rows: number;
}

/**
 * Computes the totals of a file independently of the pipeline: from the rules of the assignment, without any of the
 * pipeline's code, so that the demo can verify the pipeline's result.
 */
export async function expectedTotals(file: string): Promise<ExpectedTotals> {
  const totals = new Map<string, bigint>();
  let rows = 0;
  let columns: { department: number; hired: number; salary: number; texts: number[]; count: number } | undefined;
  const parser = createReadStream(file).pipe(
    parse({ bom: true, relax_column_count: true, relax_quotes: true, trim: true, record_delimiter: ['\r\n', '\n'] }),
  );
  for await (const record of parser as AsyncIterable<string[]>) {
    if (record.length === 1 && record[0] === '') continue;
    if (columns === undefined) {
      const names = record.map((name) => name.toLowerCase());
      columns = {
        department: names.indexOf('department'),
        hired: names.indexOf('initial hire date'),
        salary: names.indexOf('salary'),
        texts: TEXT_COLUMNS.map((name) => names.indexOf(name)),
        count: names.length,
      };
      continue;
    }
    const department = record[columns.department];
    if (department === undefined || !DEPARTMENTS.has(department) || record.length !== columns.count) continue;
    const year = yearOf(record[columns.hired] ?? '');
    const salary = wholePart(record[columns.salary] ?? '');
    if (year === undefined || year < FIRST_YEAR || salary === undefined) continue;
    if (!columns.texts.every((index) => isStorable(record[index] ?? ''))) continue;
    totals.set(department, (totals.get(department) ?? 0n) + salary);
    rows += 1;
  }
  return { totals, rows };
}

/** Whether the database can store the text: it counts code points, and cannot store U+0000. */
function isStorable(text: string): boolean {
  return [...text].length <= MAX_TEXT_CHARACTERS && !text.includes('\0');
}

/** The year of a date; undefined when the text is not a day of the calendar. */
function yearOf(text: string): number | undefined {
  const named = /^(\d{1,2})-([a-z]{3})-(\d{4})$/i.exec(text);
  const numbered = /^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text);
  const [year, month, day] = named
    ? [Number(named[3]), MONTHS.indexOf(named[2]?.toLowerCase() ?? ''), Number(named[1])]
    : numbered
      ? [Number(numbered[1]), Number(numbered[2]) - 1, Number(numbered[3])]
      : [Number.NaN, Number.NaN, Number.NaN];
  const date = new Date(Date.UTC(year, month, day));
  return date.getUTCMonth() === month && date.getUTCDate() === day ? year : undefined;
}

function wholePart(text: string): bigint | undefined {
  const digits = /^(\d+)(?:\.\d+)?$/.exec(text)?.[1];
  if (digits === undefined) return undefined;
  const salary = BigInt(digits);
  return salary <= INT32_MAX ? salary : undefined;
}
