import type { Comparison } from '../../../functions/core/verification.ts';
import { encodePosition } from '../../../functions/core/change-position.ts';
import type { PollerLedgerEntry } from '../../../functions/ports/poller-ledger.ts';
import { ReplicaVerifier } from '../../../functions/verify-replica/replica-verifier.ts';
import type { SliceStart } from '../../../functions/verify-replica/slice-order.ts';
import type { SliceRequest } from '../../../functions/verify-replica/slice-verifier.ts';
import { InMemoryEmployeeHashes } from '../../support/in-memory-employee-hashes.ts';
import { InMemoryVerificationStore } from '../../support/in-memory-verification-store.ts';
import { SleeplessClock } from '../../support/sleepless-clock.ts';

const NONE: Comparison = {
  ...{ rows: 10, ranges: 1, missing: 0, extra: 0, different: 0, held: 0, unsettled: 0 },
  ...{ causes: {}, heldBy: {}, samples: [] },
};
/** Two slices are verified: the first one has the keys up to 10. */
const FIRST_SLICE_ROWS = 10;
const POSITION = encodePosition({
  ...{ systemIdentifier: '1', saveNumber: 1n, epoch: 5n },
  progress: { phase: 'stream', since: '1:1:', page: null },
});
const UNCHANGED = { table: '', columns: '', types: '', file: '', triggers: '', functions: '', changes: '' };

/** An invocation has the time for two repairs. Rows of `unstable` differ again after each, those of `late` are judged last. */
function createRig({ differing, unstable = [], late = [] }: Record<string, readonly number[]>) {
  const different = new Set(differing);
  const captured: number[] = [];
  const clock = new SleeplessClock();
  const heartbeats: string[] = [];
  const judgedKeys = () => {
    const isLate = (key: number) => late.includes(key);
    return [...different].sort((a, b) => Number(isLate(a)) - Number(isLate(b)) || a - b);
  };
  const sliceVerifier = {
    verify: async ({ after, onProven }: SliceRequest) => {
      if (after !== null) return { comparison: NONE, until: after + FIRST_SLICE_ROWS };
      for (const empId of judgedKeys()) await onProven?.([{ empId, isInSource: true }]);
      return { comparison: { ...NONE, different: different.size }, until: FIRST_SLICE_ROWS };
    },
  };
  const side = () =>
    Object.assign(new InMemoryEmployeeHashes([]), { inspect: async () => ({ majorVersion: 18, shape: 'usual' }) });
  const verifier = new ReplicaVerifier({
    ...{ sliceVerifier, source: side(), replica: side(), store: new InMemoryVerificationStore() },
    replicaEvidence: {
      read: async () => ({ rows: [], watermark: { epoch: 5n, changeId: 0n }, isSweeping: false }),
    },
    changeSource: { inspectCapture: async () => ({ faults: [], marks: UNCHANGED, gapReason: null }) },
    ledger: { read: async () => ({ heartbeat: heartbeats.push(POSITION), position: POSITION }) as PollerLedgerEntry },
    arrival: { untilPassed: async () => true },
    employeeRepair: {
      publishImages: async (empIds) => {
        clock.nowMs += 1_000;
        captured.push(...empIds);
        for (const empId of empIds) if (!unstable.includes(empId)) different.delete(empId);
        return { count: empIds.length, lastChangeId: BigInt(captured.length) };
      },
      publishDeletions: async () => ({ count: 0, lastChangeId: null }),
    },
    clock,
    now: () => new Date(clock.nowMs),
  });
  const repair = (from: SliceStart, { repairs = 2, maxSlices = 1 } = {}) => {
    const untilMs = clock.nowMs + repairs * 1_000;
    return verifier.verify({
      ...{ from, maxSlices, isRepair: true, repairsPerSecond: null, pace: 'full' },
      ...{ settleMs: 1_000, untilMs, endMs: untilMs },
    });
  };
  /** Repeats the first slice as npm run verify does, and returns what the last invocation has left. */
  const repairFirstSlice = async () => {
    let from: SliceStart = { slice: 0, after: null };
    for (let invocations = 1; ; invocations += 1) {
      const { next, repaired, checked } = await repair(from);
      if (next?.slice !== 0) return { invocations, next, leftByTime: repaired.leftByTime, checked };
      if (invocations > 20) throw new Error('expected an end of the repetitions, found 20');
      from = next;
    }
  };
  return { captured, repair, repairFirstSlice };
}

describe('the repair of a slice that does not end in one invocation', () => {
  it('continues with what is left until nothing is', async () => {
    const { captured, repairFirstSlice } = createRig({ differing: [1, 2, 3, 4, 5] });
    expect(await repairFirstSlice()).toMatchObject({ invocations: 3, leftByTime: 0, next: { slice: 1, after: 10 } });
    expect(captured).toEqual([1, 2, 3, 4, 5]);
  });

  it('captures each row that does not stay repaired once, reaches those behind it, and ends', async () => {
    const { captured, repairFirstSlice } = createRig({ differing: [1, 2, 3, 4, 5, 6, 7], unstable: [1, 2, 3] });
    expect(await repairFirstSlice()).toMatchObject({ leftByTime: 0, checked: [{ different: 3 }] });
    expect(captured).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });

  it('continues while the differences become fewer, also with a low key that is judged last', async () => {
    const { captured, repairFirstSlice } = createRig({ differing: [1, 2, 3, 4, 5, 6], late: [1] });
    expect(await repairFirstSlice()).toMatchObject({ leftByTime: 0, checked: [{ different: 0 }] });
    expect(captured).toEqual([2, 3, 4, 5, 6, 1]);
  });

  it('ends when a low key is never reached because rows that are judged before it do not stay repaired', async () => {
    const { repairFirstSlice } = createRig({ differing: [1, 2, 3, 4], unstable: [2, 3, 4], late: [1] });
    expect(await repairFirstSlice()).toMatchObject({ leftByTime: 2, next: { slice: 1 } });
  });

  it('goes on with the next slice when nothing could be repaired', async () => {
    const { repair } = createRig({ differing: [1, 2] });
    const { next, repaired } = await repair({ slice: 0, after: null }, { repairs: 0 });
    expect([next, repaired.leftByTime]).toEqual([{ slice: 1, after: 10 }, 2]);
  });
});
