import type { PoolClient } from 'pg';
import type { SalaryRecord } from '../../core/salary-record.ts';
import { plainArray } from './array-literal.ts';

/** A row of a file that is the current version of its key. */
export interface CurrentRow {
  readonly fileId: string;
  readonly salary: SalaryRecord;
  readonly wasRejected: boolean;
}

/**
 * Moves rows of a file from the rejected ones to those sent. A file that was read again since may have filtered them out.
 *
 * @param count an expression for their number.
 */
export function countAsSent(count: string): string {
  return `sent = sent + ${count}, rejected = rejected - least(rejected, ${count}),
    filtered_out = filtered_out - greatest(0, ${count} - rejected)`;
}

/**
 * Takes back that the database has refused some of the rows, because they are to be inserted now. When it refuses them
 * again, the transaction is rolled back.
 *
 * @returns the rows in two groups, by what they are counted as now.
 */
export async function readmitRows(
  client: PoolClient,
  rows: readonly CurrentRow[],
): Promise<{ readonly sent: readonly CurrentRow[]; readonly rejected: readonly CurrentRow[] }> {
  const { rows: accepted } = await client.query<{ file_id: string; row_number: number }>(
    `with accepted as (
       delete from refused_row using unnest($1::bigint[], $2::integer[]) as returned (file_id, row_number)
       where refused_row.file_id = returned.file_id and refused_row.row_number = returned.row_number
       returning refused_row.file_id, refused_row.row_number),
     counted as (
       update ingested_file set refused = refused - gone.count
       from (select file_id, count(*)::integer as count from accepted group by file_id) as gone
       where ingested_file.file_id = gone.file_id)
     select file_id, row_number from accepted`,
    [plainArray(rows.map(({ fileId }) => fileId)), plainArray(rows.map(({ salary }) => salary.rowNumber))],
  );
  const wasRefused = new Set(accepted.map((row) => `${row.file_id}/${row.row_number}`));
  const isRejected = ({ fileId, salary, wasRejected }: CurrentRow) =>
    wasRejected && !wasRefused.has(`${fileId}/${salary.rowNumber}`);
  return { sent: rows.filter((row) => !isRejected(row)), rejected: rows.filter(isRejected) };
}
