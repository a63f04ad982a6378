import type { PoolClient } from 'pg';
import { addToTotals } from './salary-totals.ts';
import type { WriteMethod } from './write-method.ts';

/** Deletes a version's rows and subtracts their salaries from the totals. */
export async function removeRows(client: PoolClient, method: WriteMethod, fileId: string): Promise<void> {
  // A file may have millions of rows. If their deletion timed out, the newer version could never take over.
  await client.query(`set local statement_timeout = '10min'`);
  const { rows } = await client.query<{ department: string; total: string; count: string }>(
    `with removed as (delete from department_employee where file_id = $1 returning department, salary)
     select department, (-sum(salary))::text as total, (-count(*))::text as count from removed group by department`,
    [fileId],
  );
  await addToTotals(client, method, rows);
  await client.query('delete from refused_row where file_id = $1', [fileId]);
}
