import { createReadStream } from 'node:fs';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { median } from '../statistics.ts';
import type { SalaryInput } from './salary-input.ts';

/** COPY takes less than a second, so that a checkpoint or another process can distort one run. */
const RUNS = 3;

/**
 * Copies the rows, as they are stored, into a table with the columns and the primary key of theirs and nothing else.
 *
 * @returns the median of the milliseconds of the runs.
 */
export async function runCopy(input: SalaryInput, target: pg.Client): Promise<number> {
  await target.query('create table copied_employee (like department_employee including all)');
  const runs: number[] = [];
  while (runs.length < RUNS) {
    await target.query('truncate copied_employee');
    const startedAt = performance.now();
    await pipeline(createReadStream(input.copyPath), target.query(copyFrom('copy copied_employee from stdin')));
    runs.push(performance.now() - startedAt);
  }
  return median(runs);
}
