import { createReadStream } from 'node:fs';
import { basename } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type pg from 'pg';
import type { StackEndpoints } from '../../stack/endpoints.ts';
import { putIntoBucket } from '../bucket.ts';
import type { DepartmentTotal } from '../totals-table.ts';
import { withDatabase } from '../with-database.ts';
import { expectedTotals } from './expected-totals.ts';

const NO_PROGRESS_TIMEOUT_MS = 60_000;
const POLL_INTERVAL_MS = 25;

export interface SalariesResult {
  /** From the upload to the complete result. */
  readonly seconds: number;
  readonly key: string;
  readonly totals: readonly DepartmentTotal[];
  readonly file: FileAccount;
}

export interface FileAccount {
  readonly state: string;
  readonly read: number;
  readonly filtered_out: number;
  readonly rejected: number;
  readonly sent: number;
  readonly loaded: number;
  readonly refused: number;
}

/**
 * Uploads a file, waits until it is complete, and verifies the totals.
 *
 * @throws when the file is rejected, when there is no progress for a minute, or when the totals are wrong.
 */
export async function demonstrateSalaries(
  file: string,
  endpoints: StackEndpoints,
  report: (line: string) => void,
): Promise<SalariesResult> {
  const expected = await expectedTotals(file);
  const startedAt = performance.now();
  const key = basename(file);
  await putIntoBucket(endpoints.s3, key, createReadStream(file));
  report(`uploaded ${key} to the bucket`);
  return withDatabase(endpoints.targetDatabaseUrl, async (client) => {
    const account = await untilComplete(client, endpoints.s3.bucket, key, report);
    const seconds = (performance.now() - startedAt) / 1000;
    const totals = await readTotals(client);
    verify(totals, expected.totals);
    return { seconds, key, totals, file: account };
  });
}

async function untilComplete(client: pg.Client, bucket: string, key: string, report: (line: string) => void) {
  let lastLine = '';
  let progressAt = performance.now();
  for (;;) {
    const { rows } = await client.query<FileAccount>(
      `select state, read, filtered_out, rejected, sent, loaded, refused from ingested_file
       where bucket = $1 and key = $2 order by file_id desc limit 1`,
      [bucket, key],
    );
    const account = rows[0];
    if (account?.state === 'complete') return account;
    if (account && account.state !== 'loading') {
      throw new Error(`The file is ${account.state}: topic employee-salaries.dead-letter has the reason.`);
    }
    const line = account ? `${account.state}: ${account.sent} sent, ${account.loaded} loaded` : 'waiting for the event';
    if (line !== lastLine) {
      report(line);
      progressAt = performance.now();
      lastLine = line;
    }
    if (performance.now() - progressAt > NO_PROGRESS_TIMEOUT_MS) {
      throw new Error(`No progress for ${NO_PROGRESS_TIMEOUT_MS / 1000} s; last state: ${line}.`);
    }
    await delay(POLL_INTERVAL_MS);
  }
}

async function readTotals(client: pg.Client): Promise<DepartmentTotal[]> {
  const { rows } = await client.query<{ department: string; total_salary: string; employee_count: string }>(
    `select department, total_salary, employee_count from department_employee_salary
     order by array_position(array['EMS', 'CIT', 'ECC'], department::text)`,
  );
  return rows.map(({ department, total_salary, employee_count }) => ({
    department,
    total: BigInt(total_salary),
    employees: BigInt(employee_count),
  }));
}

function verify(totals: readonly { department: string; total: bigint }[], expected: ReadonlyMap<string, bigint>): void {
  const wrong = [...expected].filter(([name, total]) => totals.find((t) => t.department === name)?.total !== total);
  if (wrong.length === 0 && totals.length === expected.size) return;
  const list = (entries: Iterable<readonly [string, bigint]>) =>
    [...entries].map(([name, total]) => `${name} ${total}`).join(', ') || 'none';
  throw new Error(
    `Expected totals ${list(expected)}, but found ${list(totals.map((t) => [t.department, t.total] as const))}.`,
  );
}
