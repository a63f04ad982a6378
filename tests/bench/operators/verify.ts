import type { Comparison } from '../../../functions/core/verification.ts';
import type { StackEndpoints } from '../../../localstack/stack/endpoints.ts';
import type { TemporaryStack } from '../../../localstack/stack/temporary-stack.ts';
import { say } from '../benchmark.ts';
import { runSteadyLoad } from '../cdc/steady-load.ts';
import { median, percentile, perSecond, round } from '../statistics.ts';
import type { OperatorsSection } from './section.ts';
import { startVerifier, type Verifier, VERIFY_ALL, verifyWhile } from './verifier.ts';
import { type Databases, insertEmployees, LOAD_RATE, withDatabases } from './with-load.ts';

const ROWS = 1_000_000;
const RUNS = 5;
/** Of twelve. */
const REPAIRED_SLICES = 2;
const LOAD_SECONDS = 30;

/** What any tool that hashes all rows needs at least, on both servers at the same time. */
const BARE_HASH = `
  select count(*), sum(hash_record_extended(row(emp_id, first_name, last_name, dob, city, salary), 0)) from employees`;

export const verifySection: OperatorsSection = { name: 'verify', measure };

async function measure(stack: TemporaryStack, endpoints: StackEndpoints): Promise<Record<string, number>> {
  return withDatabases(endpoints, async (databases) => {
    const verifier = await startVerifier(stack, endpoints);
    try {
      await insertEmployees(databases, ROWS);
      const equal = await measureEqualRows(databases, verifier);
      const beside = await measureBesideWriters(databases, verifier);
      await verifier.stop();
      return { ...equal, ...beside, ...(await measureDifferences(stack, endpoints, databases)) };
    } finally {
      await verifier.stop();
    }
  });
}

/** Alternates, so that both have the same machine. */
async function measureEqualRows({ source, target }: Databases, verifier: Verifier) {
  const bareSeconds: number[] = [];
  const verifySeconds: number[] = [];
  for (let run = 0; run <= RUNS; run += 1) {
    const startedAt = performance.now();
    await Promise.all([source.query(BARE_HASH), target.query(BARE_HASH)]);
    const bare = (performance.now() - startedAt) / 1_000;
    const { seconds, result } = await verifier.run(VERIFY_ALL);
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

async function measureBesideWriters({ source, target }: Databases, verifier: Verifier) {
  say(`verifying beside ${LOAD_RATE} changes/s for ${LOAD_SECONDS} s`);
  const load = runSteadyLoad(source, target, LOAD_RATE, LOAD_SECONDS);
  const { alarms, unsettled, result } = await verifyWhile(verifier, VERIFY_ALL, load);
  return {
    ...{ verifyFalseAlarms: alarms, verifyUnsettled: unsettled },
    latencyP99MsWhileVerifying: round(percentile(result.latenciesMs, 0.99), 1),
  };
}

async function measureDifferences(stack: TemporaryStack, endpoints: StackEndpoints, { target }: Databases) {
  say('editing all rows of the target');
  await target.query(`update employees set city = city || '!'`);
  // A new process, so that only the differences need memory.
  const verifier = await startVerifier(stack, endpoints);
  try {
    const found = await verifier.run(VERIFY_ALL);
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
