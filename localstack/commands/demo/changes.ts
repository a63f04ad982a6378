import type pg from 'pg';
import { waitUntil } from '../wait-until.ts';
import { withDatabase } from '../with-database.ts';

const SEEDED_ROWS = 20_000;
const MEASURED_CHANGES = 200;
const BULK_ROWS = 5_000;
/** A new poller starts within a minute, and a stack that has just started is busy. */
const VISIBLE_WITHIN_MS = 180_000;
/** Short, because the latency includes it. */
const POLL_INTERVAL_MS = 2;

/** Milliseconds from the end of the commit in A to the moment at which the change is visible in B. */
export interface Latencies {
  readonly p50: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
}

export interface ChangesResult {
  readonly snapshotRows: number;
  readonly changes: number;
  readonly latencyMs: Latencies;
  readonly rowsInBoth: number;
}

/** Fills A with employees before any function runs, so that the snapshot has rows to copy. */
export async function seedSource(sourceDatabaseUrl: string): Promise<void> {
  await withDatabase(sourceDatabaseUrl, async (source) => {
    await source.query(`create table if not exists employees (
      emp_id serial primary key, first_name varchar(100), last_name varchar(100), dob date, city varchar(100), salary int)`);
    await source.query(
      `insert into employees (first_name, last_name, dob, city, salary)
       select 'First ' || n, 'Last ' || n, date '1950-01-01' + n, 'City ' || n % 500, 20000 + n
       from generate_series(1, $1::int) as n`,
      [SEEDED_ROWS],
    );
  });
}

/** Makes every kind of change in A, and resolves when B has the same employees as A. */
export async function demonstrateChanges(
  urls: { readonly source: string; readonly target: string },
  report: (line: string) => void,
): Promise<ChangesResult> {
  return withDatabase(urls.source, (source) =>
    withDatabase(urls.target, async (target) => {
      await untilSnapshotIsApplied(target, report);
      const latencies = await measureSingleChanges(source, target, report);
      await changeInBulk(source, report);
      const rowsInBoth = await untilEqual(source, target);
      return { snapshotRows: SEEDED_ROWS, changes: latencies.length, latencyMs: summarise(latencies), rowsInBoth };
    }),
  );
}

async function untilSnapshotIsApplied(target: pg.Client, report: (line: string) => void): Promise<void> {
  let shown = -1;
  await untilVisible('the snapshot of A in B', async () => {
    const rows = await countRows(target);
    if (rows !== shown)
      report(`snapshot: ${rows.toLocaleString('en')} of ${SEEDED_ROWS.toLocaleString('en')} rows in B`);
    shown = rows;
    return rows >= SEEDED_ROWS;
  });
}

/** Makes one change after another, inserts, updates, updates of the key and deletes, and measures their latencies. */
async function measureSingleChanges(source: pg.Client, target: pg.Client, report: (line: string) => void) {
  const latencies: number[] = [];
  const measure = async (change: string, values: unknown[], visible: string, visibleValues: unknown[]) => {
    await source.query(change, values);
    const committedAt = performance.now();
    await untilVisible(`a change in B (${change.split(' ')[0]})`, async () => {
      const { rowCount } = await target.query(visible, visibleValues);
      return rowCount !== 0;
    });
    latencies.push(performance.now() - committedAt);
  };
  for (let n = 0; n < MEASURED_CHANGES / 4; n += 1) {
    const id = 1_000_000 + n;
    const newId = 2_000_000 + n;
    await measure(
      `insert into employees values ($1, 'Ada', 'Lovelace', date '1815-12-10', 'London', 1)`,
      [id],
      'select from employees where emp_id = $1',
      [id],
    );
    await measure(
      'update employees set salary = 2 where emp_id = $1',
      [id],
      'select from employees where emp_id = $1 and salary = 2',
      [id],
    );
    await measure(
      'update employees set emp_id = $2 where emp_id = $1',
      [id, newId],
      'select from employees where emp_id = $1',
      [newId],
    );
    await measure(
      'delete from employees where emp_id = $1',
      [newId],
      'select where not exists (select from employees where emp_id = $1)',
      [newId],
    );
  }
  report(`${latencies.length} single changes: inserts, updates, updates of the key, deletes`);
  return latencies;
}

async function changeInBulk(source: pg.Client, report: (line: string) => void): Promise<void> {
  await source.query('begin');
  await source.query('update employees set salary = salary + 1 where emp_id <= $1', [BULK_ROWS]);
  await source.query('delete from employees where emp_id <= $1', [BULK_ROWS / 10]);
  await source.query('commit');
  report(`one transaction of ${(BULK_ROWS * 1.1).toLocaleString('en')} changes`);
  await source.query('begin');
  await source.query('delete from employees');
  await source.query('rollback');
  report('one transaction that deletes all employees and rolls back');
}

async function untilEqual(source: pg.Client, target: pg.Client): Promise<number> {
  let rows = 0;
  await untilVisible('the same employees in A and B', async () => {
    const [a, b] = await Promise.all([digest(source), digest(target)]);
    rows = a.rows;
    return a.rows === b.rows && a.digest === b.digest;
  });
  return rows;
}

async function digest(client: pg.Client): Promise<{ rows: number; digest: string | null }> {
  const { rows } = await client.query<{ rows: number; digest: string | null }>(
    `select count(*)::int as rows,
       md5(string_agg(md5(row(emp_id, first_name, last_name, dob, city, salary)::text), '' order by emp_id)) as digest
     from employees`,
  );
  return rows[0] ?? { rows: 0, digest: null };
}

async function countRows(target: pg.Client): Promise<number> {
  const { rows } = await target.query<{ count: number }>('select count(*)::int as count from employees');
  return rows[0]?.count ?? 0;
}

function untilVisible(what: string, check: () => Promise<boolean>): Promise<void> {
  const onTimeout = () => `Expected ${what} within ${VISIBLE_WITHIN_MS / 1000} s.`;
  return waitUntil(check, { withinMs: VISIBLE_WITHIN_MS, everyMs: POLL_INTERVAL_MS, onTimeout });
}

function summarise(latencies: readonly number[]): Latencies {
  const sorted = [...latencies].sort((a, b) => a - b);
  const at = (quantile: number) => Math.round((sorted[Math.ceil(quantile * sorted.length) - 1] ?? 0) * 10) / 10;
  return { p50: at(0.5), p95: at(0.95), p99: at(0.99), max: at(1) };
}
