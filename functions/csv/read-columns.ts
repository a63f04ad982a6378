import type { FileArrival } from '../core/ingestion.ts';
import { findSalaryColumns, type SalaryColumns } from '../core/salary-columns.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import { parseHeader } from './row-parser.ts';
import { readRowBatches } from './row-reader.ts';

/**
 * Reads the columns from the header of a file.
 *
 * @throws FileGoneError when the version is gone; InputError when the header is unusable.
 */
export async function readColumns(store: ObjectStore, file: FileArrival): Promise<SalaryColumns | null> {
  for await (const batch of readRowBatches(store, file, { byteOffset: 0, line: 1 })) {
    if (batch.starts.length > 0) return findSalaryColumns(parseHeader(batch));
  }
  return null;
}
