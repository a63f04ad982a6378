import pg from 'pg';
import type { Comparison } from '../../../functions/core/verification.ts';
import type { VerifiedParts } from '../../../functions/verify-replica/verify-parts.ts';
import type { StackEndpoints } from '../../../localstack/stack/endpoints.ts';
import type { TemporaryStack } from '../../../localstack/stack/temporary-stack.ts';
import { say } from '../benchmark.ts';
import { runSteadyLoad } from '../cdc/steady-load.ts';
import { waitUntilEqual } from '../cdc/wait-until-equal.ts';
import { median, percentile, perSecond, round } from '../statistics.ts';
import { literalSettings } from '../transform-memory/function-settings.ts';
import type { OperatorsSection } from './section.ts';
import type { HandlerAnswer } from './handler-process.ts';
import { type MeasuredHandler, startHandler } from './measured-handler.ts';

const ROWS = 1_000_000;
/** Rows of one statement, so that the stream can follow. */
const INSERTED_ROWS = 50_000;
const RUNS = 5;
/** Of twelve. */
const REPAIRED_SLICES = 2;
const LOAD_RATE = 1_000;
const LOAD_SECONDS = 30;

/** What any tool that hashes all rows needs at least, on both servers at the same time. */
const BARE_HASH = `
  select count(*), sum(hash_record_extended(row(emp_id, first_name, last_name, dob, city, salary), 0)) from employees`;

export const verifySection: OperatorsSection = { name: 'verify', measure };

async function measure(stack: TemporaryStack, endpoints: StackEndpoints): Promise<Record<string, number>> {
  const source = new pg.Pool({ connectionString: endpoints.sourceDatabaseUrl, max: 12 });
  const target = new pg.Pool({ connectionString: endpoints.targetDatabaseUrl, max: 4 });
  const verifier = await startVerifier(stack, endpoints);
  try {
    await insertRows(source, target);
    for (const pool of [source, target]) await pool.query('vacuum analyze employees');
    const equal = await measureEqualRows(source, target, verifier);
    const beside = await measureBesideWriters(source, target, verifier);
    await verifier.stop();
    return { ...equal, ...beside, ...(await measureDifferences(stack, endpoints, target)) };
  } finally {
    await verifier.stop();
    await Promise.all([source.end(), target.end()]);
  }
}

async function insertRows(source: pg.Pool, target: pg.Pool): Promise<void> {
  say(`inserting ${ROWS} rows`);
  for (let inserted = 0; inserted < ROWS; inserted += INSERTED_ROWS) {
    await source.query(
      `insert into employees (first_name, last_name, dob, city, salary)
       select 'First ' || n, 'Last ' || n, date '1980-01-01' + n % 9000, 'City ' || n % 97, n
       from generate_series($1::integer, $2::integer) n`,
      [inserted + 1, inserted + INSERTED_ROWS],
    );
    await waitUntilEqual(source, target);
  }
}

/** Alternates, so that both have the same machine. */
async function measureEqualRows(source: pg.Pool, target: pg.Pool, verifier: Verifier) {
  const bareSeconds: number[] = [];
  const verifySeconds: number[] = [];
  for (let run = 0; run <= RUNS; run += 1) {
    const startedAt = performance.now();
    await Promise.all([source.query(BARE_HASH), target.query(BARE_HASH)]);
    const bare = (performance.now() - startedAt) / 1_000;
    const { seconds, result } = await verifier.run({ action: 'verify', part: 'changes' });
    expectSlices(result.changes?.checked ?? [], (total) => total === 0);
    // The first run reads from disk.
    if (run === 0) continue;
    bareSeconds.push(bare);
    verifySeconds.push(seconds);
    say(`all rows: bare hash ${bare.toFixed(2)} s, verify ${seconds.toFixed(2)} s`);
  }
  return {
    verifySeconds: round(median(verifySeconds), 2),
    verifyRatioToBareHash: round(median(verifySeconds) / median(bareSeconds), 2),
  };
}

/** Verifies again and again beside writers. Every difference that it finds is a false alarm. */
async function measureBesideWriters(source: pg.Pool, target: pg.Pool, verifier: Verifier) {
  say(`verifying beside ${LOAD_RATE} changes/s for ${LOAD_SECONDS} s`);
  let isLoaded = true;
  const load = runSteadyLoad(source, target, LOAD_RATE, LOAD_SECONDS).finally(() => {
    isLoaded = false;
  });
  let verifyFalseAlarms = 0;
  let verifyUnsettled = 0;
  while (isLoaded) {
    const { result } = await verifier.run({ action: 'verify', part: 'changes' });
    for (const slice of result.changes?.checked ?? []) {
      verifyFalseAlarms += slice.missing + slice.extra + slice.different;
      verifyUnsettled += slice.unsettled;
    }
  }
  const { latenciesMs } = await load;
  const latencyP99MsWhileVerifying = round(percentile(latenciesMs, 0.99), 1);
  return { verifyFalseAlarms, verifyUnsettled, latencyP99MsWhileVerifying };
}

async function measureDifferences(stack: TemporaryStack, endpoints: StackEndpoints, target: pg.Pool) {
  say('editing all rows of the target');
  await target.query(`update employees set city = city || '!'`);
  // A new process, so that only the differences need memory.
  const verifier = await startVerifier(stack, endpoints);
  try {
    const found = await verifier.run({ action: 'verify', part: 'changes' });
    expectSlices(found.result.changes?.checked ?? [], (total) => total >= ROWS);
    say(`all rows differ: ${found.seconds.toFixed(1)} s, ${found.peakRssMb} MB`);
    const repair = { action: 'repair', part: 'changes', maxSlices: REPAIRED_SLICES };
    const repaired = await verifier.run(repair);
    expectSlices(repaired.result.changes?.checked ?? [], (total) => total === 0);
    const { images = 0 } = repaired.result.changes?.repaired ?? {};
    say(`${images} rows repaired in ${repaired.seconds.toFixed(1)} s`);
    return {
      verifyPeakRssMb: found.peakRssMb,
      verifyDifferentSeconds: round(found.seconds, 1),
      repairPerSecond: round(perSecond(images, repaired.seconds * 1_000)),
    };
  } finally {
    await verifier.stop();
  }
}

function expectSlices(slices: readonly Comparison[], isExpected: (differences: number) => boolean): void {
  const total = slices.reduce((sum, slice) => sum + slice.missing + slice.extra + slice.different, 0);
  if (slices.length > 0 && isExpected(total)) return;
  throw new Error(`expected another number of differences than ${total} in ${slices.length} slices`);
}

interface Verifier extends MeasuredHandler {
  run(event: object): Promise<HandlerAnswer & { readonly result: VerifiedParts }>;
}

function startVerifier(stack: TemporaryStack, endpoints: StackEndpoints): Promise<Verifier> {
  return startHandler('verify-replica', stack, endpoints, {
    // The limits of memory, as deployed.
    NODE_OPTIONS: literalSettings('verify-replica')['NODE_OPTIONS'],
    SOURCE_DATABASE_URL: endpoints.sourceDatabaseUrl,
  }) as Promise<Verifier>;
}
