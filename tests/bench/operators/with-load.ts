import pg from 'pg';
import type { StackEndpoints } from '../../../localstack/stack/endpoints.ts';
import { say } from '../benchmark.ts';
import { runSteadyLoad } from '../cdc/steady-load.ts';
import { waitUntilEqual } from '../cdc/wait-until-equal.ts';
import { median, percentile, round } from '../statistics.ts';

export const LOAD_RATE = 1_000;
const WARM_UP_SECONDS = 10;
const ROWS = 100_000;
/** Rows of one statement, so that the stream can follow. */
const INSERTED_ROWS = 50_000;

export interface Databases {
  readonly source: pg.Pool;
  readonly target: pg.Pool;
}

export async function withDatabases<Result>(
  { sourceDatabaseUrl, targetDatabaseUrl }: StackEndpoints,
  measure: (databases: Databases) => Promise<Result>,
): Promise<Result> {
  const source = new pg.Pool({ connectionString: sourceDatabaseUrl, max: 12 });
  const target = new pg.Pool({ connectionString: targetDatabaseUrl, max: 4 });
  try {
    return await measure({ source, target });
  } finally {
    await Promise.all([source.end(), target.end()]);
  }
}

/** Inserts employees into the source, and waits until the target has them. */
export async function insertEmployees({ source, target }: Databases, rows: number): Promise<void> {
  say(`inserting ${rows} rows`);
  for (let inserted = 0; inserted < rows; inserted += INSERTED_ROWS) {
    await source.query(
      `insert into employees (first_name, last_name, dob, city, salary)
       select 'First ' || n, 'Last ' || n, date '1980-01-01' + n % 9000, 'City ' || n % 97, n
       from generate_series($1::integer, $2::integer) n`,
      [inserted + 1, Math.min(rows, inserted + INSERTED_ROWS)],
    );
    await waitUntilEqual(source, target);
  }
  for (const pool of [source, target]) await pool.query('vacuum analyze employees');
}

/** Inserts employees and runs the load until it is as fast as it gets. */
export async function warmUp(databases: Databases): Promise<void> {
  await insertEmployees(databases, ROWS);
  say(`warming up: ${LOAD_RATE} changes/s for ${WARM_UP_SECONDS} s`);
  await runSteadyLoad(databases.source, databases.target, LOAD_RATE, WARM_UP_SECONDS);
}

/** Runs the load, and beside it what is measured. */
export type Beside = (runLoad: () => Promise<unknown>) => Promise<void>;

export const NOTHING_BESIDE: Beside = async (runLoad) => void (await runLoad());

/**
 * The p99 of the latencies beside each of several things, in alternating runs, so that all have the same machine: the median
 * of the runs, by name.
 */
export async function alternate<Name extends string>(
  { source, target }: Databases,
  { rounds, seconds }: { readonly rounds: number; readonly seconds: number },
  besides: Readonly<Record<Name, Beside>>,
): Promise<Readonly<Record<Name, number>>> {
  const names = Object.keys(besides) as Name[];
  const p99s = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const name of names) {
      let latenciesMs: readonly number[] = [];
      await besides[name](async () => {
        ({ latenciesMs } = await runSteadyLoad(source, target, LOAD_RATE, seconds));
      });
      const [p50, p99] = [percentile(latenciesMs, 0.5), percentile(latenciesMs, 0.99)];
      say(`${name}: p50 ${p50.toFixed(1)} ms, p99 ${p99.toFixed(1)} ms`);
      p99s.get(name)?.push(p99);
    }
  }
  return Object.fromEntries(names.map((name) => [name, round(median(p99s.get(name) ?? []), 1)])) as Record<
    Name,
    number
  >;
}
