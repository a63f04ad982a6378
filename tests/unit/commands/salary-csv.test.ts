import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { findSalaryColumns } from '../../../functions/core/salary-columns.ts';
import { applySalaryRules } from '../../../functions/core/salary-rules.ts';
import { expectedTotals } from '../../../localstack/commands/demo/expected-totals.ts';
import { SALARY_CSV_HEADER, salaryCsv } from '../../../localstack/commands/salary-csv.ts';
import { sampleCsv } from '../../../localstack/commands/sample-csv.ts';

const filter = { departments: new Set(['ECC', 'CIT', 'EMS']), hiredSince: '2010-01-01' };

function rowsOf(csv: string): string[][] {
  return parse(csv, {
    bom: true,
    relax_column_count: true,
    relax_quotes: true,
    trim: true,
    record_delimiter: ['\r\n', '\n'],
  });
}

function outcomesOf(csv: string): Record<string, number> {
  const [header, ...rows] = rowsOf(csv).filter((row) => row.length > 1 || row[0] !== '');
  const columns = findSalaryColumns(header ?? []);
  const counts: Record<string, number> = { kept: 0, filtered: 0, rejected: 0 };
  for (const row of rows) {
    const { kind } = applySalaryRules(row, columns, filter);
    counts[kind] = (counts[kind] ?? 0) + 1;
  }
  return counts;
}

describe('salaryCsv', () => {
  it('generates the same bytes for the same seed, and other bytes for another seed', () => {
    const make = (seed: number) => [...salaryCsv({ rows: 1_200, seed })].join('');

    expect(make(7)).toBe(make(7));
    expect(make(7)).not.toBe(make(8));
  });

  it.each([0, 1, 499, 500, 501])('makes %i rows and the header of the source system', (rows) => {
    const csv = [...salaryCsv({ rows, seed: 1 })].join('');

    expect(csv.startsWith(`${SALARY_CSV_HEADER}\n`)).toBe(true);
    expect(rowsOf(csv)).toHaveLength(rows + 1);
  });

  it('makes rows that can all be used, some of which pass the filter', () => {
    const { kept = 0, rejected } = outcomesOf([...salaryCsv({ rows: 5_000, seed: 3 })].join(''));

    expect(rejected).toBe(0);
    expect(kept).toBeGreaterThan(100);
    expect(kept).toBeLessThan(600);
  });

  it('makes only rows that pass the filter when it is asked to', () => {
    expect(outcomesOf([...salaryCsv({ rows: 5_000, seed: 3, onlyKept: true })].join(''))).toEqual({
      kept: 5_000,
      filtered: 0,
      rejected: 0,
    });
  });
});

describe('sampleCsv', () => {
  it('gives an account of its rows that the rules agree with', () => {
    const { csv, read, filteredOut, rejected, sent } = sampleCsv();

    expect(outcomesOf(csv)).toEqual({ kept: sent, filtered: filteredOut, rejected });
    expect(read).toBe(sent + filteredOut + rejected);
  });

  it('has the totals that the demonstration expects of it', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sample-'));
    try {
      const { csv, totals, sent } = sampleCsv();
      writeFileSync(join(directory, 'sample.csv'), csv);
      expect(await expectedTotals(join(directory, 'sample.csv'))).toEqual({ totals, rows: sent });
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  it('has a total beyond what 32 bits hold', () => {
    expect(sampleCsv().totals.get('CIT')).toBeGreaterThan(2n ** 31n);
  });
});
