import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import type pg from 'pg';
import { putIntoBucket } from '../../../localstack/commands/bucket.ts';
import type { StackEndpoints } from '../../../localstack/stack/endpoints.ts';
import { eventually, StopWaiting } from '../../support/eventually.ts';
import type { SalaryInput } from './salary-input.ts';

const MAX_IDLE_MS = 60_000;

/** Uploads a file and waits for its totals to be complete. @returns the milliseconds from the upload to then. */
export async function runPipeline(input: SalaryInput, { s3 }: StackEndpoints, target: pg.Client): Promise<number> {
  const before = await readTotals(target);
  const key = basename(input.csvPath);
  const startedAt = performance.now();
  await putIntoBucket(s3, key, createReadStream(input.csvPath));
  await untilComplete(target, key);
  const elapsedMs = performance.now() - startedAt;
  const after = await readTotals(target);
  for (const [department, total] of input.totals) {
    const gained = (after.get(department) ?? 0n) - (before.get(department) ?? 0n);
    if (gained !== total) throw new Error(`the total of ${department} grew by ${gained}, expected ${total}`);
  }
  return elapsedMs;
}

/** @throws when the accounting of the file shows no progress for a minute. */
async function untilComplete(target: pg.Client, key: string): Promise<void> {
  let lastProgress = '';
  let progressAt = performance.now();
  await eventually(
    async () => {
      const { rows } = await target.query<{ state: string; sent: number; loaded: number }>(
        'select state, sent, loaded from ingested_file where key = $1 order by file_id desc limit 1',
        [key],
      );
      const progress = JSON.stringify(rows[0] ?? 'no event for the file yet');
      if (progress !== lastProgress) [lastProgress, progressAt] = [progress, performance.now()];
      if (performance.now() - progressAt > MAX_IDLE_MS) {
        throw new StopWaiting(`expected progress of ${key} within ${MAX_IDLE_MS} ms, but it stays at ${progress}`);
      }
      return rows[0]?.state === 'complete';
    },
    { what: `${key} to be complete`, withinMs: 3_600_000, everyMs: 20 },
  );
}

async function readTotals(target: pg.Client): Promise<Map<string, bigint>> {
  const { rows } = await target.query<{ department: string; total_salary: string }>(
    'select department, total_salary from department_employee_salary',
  );
  return new Map(rows.map((row) => [row.department, BigInt(row.total_salary)]));
}
