import { PipelineError } from '../../core/errors.ts';
import type { Database } from './database.ts';
import { READ_SHAPE, USUAL_SHAPE } from './employee-snapshot.ts';

/** For sessions that compare employees: index scans in the order of the keys, whatever the statistics say. */
export const COMPARISON_SESSION = {
  enable_seqscan: 'off',
  enable_bitmapscan: 'off',
  jit: 'off',
  // Both servers compute at the same time.
  max_parallel_workers_per_gather: '0',
};

export async function readEmployeesShape(database: Database): Promise<string | null> {
  return (await readTable(database))?.shape ?? null;
}

/**
 * The name of the table in a `from` clause. Rows of tables that inherit from it are not employees; those of its partitions
 * are.
 *
 * @throws PipelineError `PIPE_VERIFY_IMPOSSIBLE` when the table has other columns.
 */
export async function employeesTable(database: Database): Promise<string> {
  const found = await readTable(database);
  if (found?.shape === USUAL_SHAPE) return found.kind === 'p' ? 'employees' : 'only employees';
  throw new PipelineError(
    'PIPE_VERIFY_IMPOSSIBLE',
    `expected table public.employees with the columns ${USUAL_SHAPE}, found ${found?.shape ?? 'none'}; correct the table, ` +
      'then verify again',
    { retry: 'manual' },
  );
}

async function readTable(database: Database) {
  const { rows } = await database.query<{ kind: string; shape: string | null }>(READ_SHAPE);
  return rows[0];
}
