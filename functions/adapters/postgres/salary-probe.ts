import type { PoolClient } from 'pg';
import { classifyError } from '../../core/classify-error.ts';
import { databaseFaultOf } from '../../core/database-fault.ts';
import { SALARY_TOTALS } from './target-tables.ts';

const SAMPLE_ROWS = 20;

/** A copy of a row with a number that no row of a file has. */
const INSERT_COPY = `
  insert into department_employee
    (department, department_division, position_title, hire_date, salary, file_id, row_number)
  select department, department_division, position_title, hire_date, salary, file_id, -row_number
  from department_employee where file_id = $1 and row_number = $2`;

/** A unique or an exclusion constraint lets every row pass that is unlike the others. */
const ALLOWS_DIFFERENT_ROWS = new Set(['23505', '23P01']);

/**
 * Whether a row like one that the table holds can be inserted. Changes nothing.
 *
 * Totals are sums, so what their table refuses is not the fault of a row.
 */
export async function canInsertCopy(client: PoolClient, error: unknown): Promise<boolean> {
  const { sqlState = '', table } = databaseFaultOf(error);
  if (table === SALARY_TOTALS.table) return false;
  if (ALLOWS_DIFFERENT_ROWS.has(sqlState)) return true;
  const { rows } = await client.query<{ file_id: string; row_number: number }>(
    `select file_id, row_number from department_employee order by file_id desc, row_number desc limit ${SAMPLE_ROWS}`,
  );
  for (const { file_id, row_number } of rows) if (await canInsert(client, file_id, row_number)) return true;
  return false;
}

async function canInsert(client: PoolClient, fileId: string, rowNumber: number): Promise<boolean> {
  await client.query('set constraints all immediate; savepoint probe');
  try {
    return (await client.query(INSERT_COPY, [fileId, rowNumber])).rowCount === 1;
  } catch (error) {
    if (classifyError(error) !== 'permanent') throw error;
    return false;
  } finally {
    await client.query('rollback to savepoint probe; release savepoint probe');
  }
}
