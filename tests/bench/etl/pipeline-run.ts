import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import { putIntoBucket } from '../../../localstack/commands/bucket.ts';
import type { StackEndpoints } from '../../../localstack/stack/endpoints.ts';
import type { SalaryInput } from './salary-input.ts';

const STANDS_STILL_AFTER_MS = 60_000;

/** Uploads a file and waits for its totals to be complete. @returns the milliseconds that took. */
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

async function untilComplete(target: pg.Client, key: string): Promise<void> {
  let shown = '';
  let movedAt = performance.now();
  for (;;) {
    const { rows } = await target.query<{ state: string; sent: number; loaded: number }>(
      'select state, sent, loaded from ingested_file where key = $1 order by file_id desc limit 1',
      [key],
    );
    const state = JSON.stringify(rows[0] ?? 'waiting for the event');
    if (rows[0]?.state === 'complete') return;
    if (state !== shown) {
      movedAt = performance.now();
      shown = state;
    }
    if (performance.now() - movedAt > STANDS_STILL_AFTER_MS) {
      throw new Error(`nothing has moved for ${STANDS_STILL_AFTER_MS / 1000} s; the last that was seen: ${state}`);
    }
    await delay(20);
  }
}

async function readTotals(target: pg.Client): Promise<Map<string, bigint>> {
  const { rows } = await target.query<{ department: string; total_salary: string }>(
    'select department, total_salary from department_employee_salary',
  );
  return new Map(rows.map((row) => [row.department, BigInt(row.total_salary)]));
}
