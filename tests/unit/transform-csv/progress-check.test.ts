import type { FileState } from '../../../functions/core/ingestion.ts';
import { ProgressCheck } from '../../../functions/transform-csv/progress-check.ts';
import { arrivalOf, countsOf } from '../../contract/salary-database.ts';
import { InMemoryIngestionLedger } from '../../support/in-memory-ingestion-ledger.ts';
import { InMemorySalaryDatabase } from '../../support/in-memory-salary-database.ts';

const file = arrivalOf('a.csv', '1');

async function createCheck(marginMs = 30_000, startMs = 900_000) {
  const database = new InMemorySalaryDatabase();
  const ledger = new InMemoryIngestionLedger(database);
  await ledger.register(file, async () => true);
  const time = { nowMs: 0, remainingMs: startMs };
  const check = new ProgressCheck({
    file,
    ledger,
    marginMs,
    clock: { monotonicMs: () => time.nowMs, sleep: async () => {} },
    deadline: { remainingMs: () => time.remainingMs },
  });
  return { check, database, ledger, time };
}

describe('ProgressCheck', () => {
  it('continues until less than the margin remains, and then continues later', async () => {
    const { check, time } = await createCheck();
    time.remainingMs = 30_000;
    expect(await check.nextStep(countsOf(1))).toBe('continue');
    time.remainingMs = 29_999;
    expect(await check.nextStep(countsOf(1))).toBe('continue-later');
  });

  it('limits the margin to a quarter of the invocation', async () => {
    const { check, time } = await createCheck(30_000, 40_000);
    time.remainingMs = 10_000;
    expect(await check.nextStep(countsOf(1))).toBe('continue');
    time.remainingMs = 9_999;
    expect(await check.nextStep(countsOf(1))).toBe('continue-later');
  });

  it('records a heartbeat with the counts every five seconds', async () => {
    const { check, database, ledger, time } = await createCheck();
    ledger.calls.length = 0;
    const callCounts = [];
    for (const nowMs of [4_999, 5_000, 9_999, 10_000]) {
      time.nowMs = nowMs;
      expect(await check.nextStep(countsOf(nowMs))).toBe('continue');
      callCounts.push(ledger.calls.length);
    }
    expect(callCounts).toEqual([0, 1, 1, 2]);
    expect(database.file(file).counts).toEqual(countsOf(10_000));
  });

  it.each<Exclude<FileState, 'loading'>>(['complete', 'rejected', 'superseded', 'unchanged'])(
    'returns the state of the version when it is %s',
    async (state) => {
      const { check, database, time } = await createCheck();
      database.file(file).state = state;
      time.nowMs = 5_000;
      expect(await check.nextStep(countsOf(1))).toBe(state);
    },
  );
});
