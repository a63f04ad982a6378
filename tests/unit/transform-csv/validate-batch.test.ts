import { RowScanner } from '../../../functions/csv/row-scanner.ts';
import type { ValidationCheckpoint } from '../../../functions/transform-csv/checkpoint.ts';
import { validateBatch } from '../../../functions/transform-csv/validate-batch.ts';
import { arrivalOf } from '../../contract/salary-database.ts';
import { HEADER, row } from '../../support/salary-file.ts';

const BEGIN: ValidationCheckpoint = {
  phase: 'judge',
  arrival: arrivalOf('a.csv', '1'),
  byteOffset: 0,
  line: 1,
  columns: null,
  firstRow: null,
};

/** Validates a file that is read in these parts. */
function validate(...parts: readonly string[]): ValidationCheckpoint {
  const scanner = new RowScanner();
  let checkpoint = BEGIN;
  for (const part of parts) {
    scanner.add(Buffer.from(part));
    checkpoint = validateBatch(checkpoint, scanner.scan());
  }
  return checkpoint;
}

describe('validateBatch', () => {
  it.each([
    ['in the same batch', [`\n${HEADER}\n\n${row()}\n`], { byteOffset: HEADER.length + 3, line: 4 }],
    ['in the next batch', [`\n${HEADER}\n`, `${row()}\n`], { byteOffset: HEADER.length + 2, line: 3 }],
    [
      'in the next batch, after blank lines',
      [`${HEADER}\n\n`, `${row()}\n`],
      { byteOffset: HEADER.length + 2, line: 3 },
    ],
  ])('lets the second pass begin after the header, with the first row %s', (_, parts, firstRow) => {
    expect(validate(...parts)).toMatchObject({ columns: { count: 8, department: 0, salary: 7 }, firstRow });
  });

  it('knows no columns before the header is read', () => {
    expect(validate('\n\n\n')).toEqual({ ...BEGIN, byteOffset: 3, line: 4 });
  });
});
