import { findSalaryColumns } from '../core/salary-columns.ts';
import type { RowBatch } from '../csv/row-batch.ts';
import { parseHeader } from '../csv/row-parser.ts';
import type { ValidationCheckpoint } from './checkpoint.ts';

/**
 * Validates one batch of a file: reads the header from the first batch that has a row, and passes on the batch's fault.
 *
 * @returns the checkpoint after the batch.
 * @throws InputError when the file is unusable.
 */
export function validateBatch(checkpoint: ValidationCheckpoint, batch: RowBatch): ValidationCheckpoint {
  let { columns, firstRow } = checkpoint;
  if (columns === null && batch.starts.length > 0) {
    columns = findSalaryColumns(parseHeader(batch));
    const [, start] = batch.starts;
    firstRow =
      start === undefined ? batch.next : { byteOffset: batch.byteOffset + start, line: batch.lines[1] as number };
  }
  if (batch.fault) throw batch.fault;
  return { ...checkpoint, ...batch.next, columns, firstRow };
}
