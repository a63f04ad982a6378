import { findSalaryColumns, type SalaryColumns } from '../core/salary-columns.ts';
import type { SalaryRow } from '../core/salary-record.ts';
import { applySalaryRules, type SalaryFilter } from '../core/salary-rules.ts';
import { parseHeader, RowParser } from '../csv/row-parser.ts';
import { readRowBatches } from '../csv/row-reader.ts';
import type { ObjectStore } from '../ports/object-store.ts';
import type { AuditedFile, SalaryAudit, StoredSalaryRow } from '../ports/salary-audit.ts';

const STORED_ROWS = 2_000;

export interface FileComparisonDependencies {
  readonly store: Pick<ObjectStore, 'open' | 'isLatest'>;
  readonly audit: Pick<SalaryAudit, 'readRows'>;
  readonly filter: SalaryFilter;
}

/** The rows of an object that the tables do not have as the rules of today make them, or have although it does not. */
export interface ComparedFile {
  readonly differences: number;
  /** The number of the first one; `null` without any. */
  readonly firstRow: number | null;
}

/**
 * Reads a version of an object again and compares it with its rows in the tables, both in the order of the file. A row that
 * the database has refused does not differ.
 *
 * @throws FileGoneError when the version is gone.
 */
export async function compareFile(
  { store, audit, filter }: FileComparisonDependencies,
  file: AuditedFile,
): Promise<ComparedFile> {
  const stored = readStored(audit, file.fileId);
  let next = await stored.next();
  let differences = 0;
  let firstRow: number | null = null;
  const count = (rowNumber: number) => {
    differences += 1;
    firstRow ??= rowNumber;
  };
  const skipTo = async (rowNumber: number) => {
    for (; !next.done && next.value.rowNumber < rowNumber; next = await stored.next()) {
      if (next.value.row !== null) count(next.value.rowNumber);
    }
  };
  for await (const { rowNumber, row } of keptRows(store, file, filter)) {
    await skipTo(rowNumber);
    const found = !next.done && next.value.rowNumber === rowNumber ? next.value : undefined;
    if (found === undefined || (found.row !== null && !isSameRow(found.row, row))) count(rowNumber);
    if (found !== undefined) next = await stored.next();
  }
  await skipTo(Number.POSITIVE_INFINITY);
  return { differences, firstRow };
}

async function* readStored(
  audit: Pick<SalaryAudit, 'readRows'>,
  fileId: string,
): AsyncGenerator<StoredSalaryRow, undefined, undefined> {
  let after = 0;
  for (;;) {
    const rows = await audit.readRows(fileId, after, STORED_ROWS);
    yield* rows;
    if (rows.length < STORED_ROWS) return undefined;
    after = rows.at(-1)?.rowNumber ?? after;
  }
}

async function* keptRows(
  store: Pick<ObjectStore, 'open' | 'isLatest'>,
  file: AuditedFile,
  filter: SalaryFilter,
): AsyncGenerator<{ readonly rowNumber: number; readonly row: SalaryRow }, void, undefined> {
  let columns: SalaryColumns | undefined;
  let parser: RowParser | undefined;
  let rowNumber = 0;
  for await (const batch of readRowBatches(store, file, { byteOffset: 0, line: 1 })) {
    if (batch.fault) throw batch.fault;
    if (batch.starts.length === 0) continue;
    const hasHeader = columns === undefined;
    columns ??= findSalaryColumns(parseHeader(batch));
    parser ??= new RowParser(columns.count);
    for (const values of parser.parse(batch).slice(hasHeader ? 1 : 0)) {
      rowNumber += 1;
      const outcome = applySalaryRules(values, columns, filter);
      if (outcome.kind === 'kept') yield { rowNumber, row: outcome.row };
    }
  }
}

function isSameRow(a: SalaryRow, b: SalaryRow): boolean {
  return (
    a.department === b.department &&
    a.departmentDivision === b.departmentDivision &&
    a.positionTitle === b.positionTitle &&
    a.hireDate === b.hireDate &&
    a.salary === b.salary
  );
}
