import type { Comparison } from '../../../functions/core/verification.ts';
import { encodePosition, type Position } from '../../../functions/core/change-position.ts';
import type { PollerLedgerEntry } from '../../../functions/ports/poller-ledger.ts';
import { ReplicaVerifier, type VerifyRequest } from '../../../functions/verify-replica/replica-verifier.ts';
import type { SliceRequest } from '../../../functions/verify-replica/slice-verifier.ts';
import { InMemoryEmployeeHashes } from '../../support/in-memory-employee-hashes.ts';
import { InMemoryVerificationStore } from '../../support/in-memory-verification-store.ts';
import { SleeplessClock } from '../../support/sleepless-clock.ts';

const NONE: Comparison = {
  ...{ rows: 10, ranges: 1, missing: 0, extra: 0, different: 0, held: 0, unsettled: 0 },
  ...{ causes: {}, heldBy: {}, samples: [] },
};
const ONE_LOST: Comparison = { ...NONE, missing: 1, causes: { lost: 1 } };
const CHANGE = 41n;

const position = (progress: Position['progress']): string =>
  encodePosition({ systemIdentifier: '1', saveNumber: 1n, epoch: 5n, progress });
const STREAMING = position({ phase: 'stream', since: '1:1:', page: null });

function createRig() {
  const rig = {
    ...{ heartbeat: 0, isPollerRunning: true, savedPosition: STREAMING, watermarkEpoch: 4n, faults: [] as string[] },
    ...{ sourceShape: 'usual', majorVersion: 18, clock: new SleeplessClock(), clockAheadMs: 0, hasArrived: true },
    failsAtSlice: null as number | null,
    /** Differences of a slice that has some. */
    lost: 1,
    waitedUntilMs: [] as number[],
    slices: [] as SliceRequest[],
    repaired: [] as (readonly number[])[],
    waited: [] as (readonly bigint[])[],
    /** Of one verification of a slice after the other; the last one stays. */
    results: [NONE] as Comparison[],
    store: new InMemoryVerificationStore(),
  };
  const sliceVerifier = {
    verify: async (request: SliceRequest) => {
      rig.slices.push(request);
      rig.clock.nowMs += 100;
      const comparison = (rig.results.length > 1 ? rig.results.shift() : rig.results[0]) ?? NONE;
      if (comparison.missing > 0)
        await request.onProven?.(Array.from({ length: rig.lost }, () => ({ empId: 7, isInSource: true })));
      if (rig.failsAtSlice !== null && rig.slices.length > rig.failsAtSlice) throw new Error('killed');
      return { comparison, until: request.maxRows === null ? null : (request.after ?? 0) + request.maxRows };
    },
  };
  const side = (shape: () => string) =>
    Object.assign(new InMemoryEmployeeHashes(Array.from({ length: 120 }, (_, key) => [key, 1n] as const)), {
      inspect: async () => ({ majorVersion: rig.majorVersion, shape: shape() }),
    });
  const replica = Object.assign(
    side(() => 'usual'),
    { inspect: async () => ({ majorVersion: 18, shape: 'usual' }) },
  );
  const verifier = new ReplicaVerifier({
    ...{ sliceVerifier, replica, store: rig.store },
    source: side(() => rig.sourceShape),
    replicaEvidence: {
      read: async () => ({ rows: [], watermark: { epoch: rig.watermarkEpoch, changeId: 0n }, isSweeping: false }),
    },
    changeSource: {
      inspectCapture: async () => ({
        faults: rig.faults.map((message) => ({ message, losesChanges: true })),
        ...{
          marks: { table: '', columns: '', types: '', file: '', triggers: '', functions: '', changes: '' },
          gapReason: null,
        },
      }),
    },
    ledger: {
      read: async () => {
        if (rig.isPollerRunning) rig.heartbeat += 1;
        return { heartbeat: rig.heartbeat, position: rig.savedPosition } as PollerLedgerEntry;
      },
    },
    arrival: {
      untilPassed: async (changeIds, untilMs) => {
        rig.waitedUntilMs.push(untilMs);
        rig.waited.push(changeIds);
        return rig.hasArrived;
      },
    },
    employeeRepair: {
      publishImages: async (empIds) => {
        rig.repaired.push(empIds);
        return { count: empIds.length, lastChangeId: CHANGE };
      },
      publishDeletions: async () => ({ count: 0, lastChangeId: null }),
    },
    clock: rig.clock,
    now: () => new Date(rig.clock.nowMs + rig.clockAheadMs),
  });
  const verify = (request: Partial<VerifyRequest> = {}) =>
    verifier.verify({
      ...{ from: { slice: 0, after: null }, maxSlices: 12, isRepair: false, repairsPerSecond: null },
      pace: 'full',
      ...{ settleMs: 1_000, untilMs: Number.POSITIVE_INFINITY, endMs: Number.POSITIVE_INFINITY, ...request },
    });
  return { rig, verify };
}

describe('the verification of the employees', () => {
  it('verifies twelve slices of equal size one after the other, the last one to the end, and stores each', async () => {
    const { rig, verify } = createRig();
    expect(await verify()).toMatchObject({ next: null, obstacles: [] });
    expect(rig.slices.map(({ after, maxRows }) => [after, maxRows])).toEqual([
      [null, 10],
      ...Array.from({ length: 10 }, (_, index) => [(index + 1) * 10, 10]),
      [110, null],
    ]);
    const { slices, oldestCheckedAt } = await rig.store.read();
    expect(slices).toHaveLength(12);
    expect(oldestCheckedAt).toEqual(slices[0]?.checkedAt);
  });

  it('on a schedule continues after the slice that was verified last, and begins again after the last one', async () => {
    const { rig, verify } = createRig();
    for (let turn = 0; turn < 13; turn += 1) await verify({ from: null, maxSlices: 1 });
    expect(rig.slices.map(({ after }) => after)).toEqual([null, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, null]);
  });

  it('on a schedule verifies a slice that differs each time, until it agrees', async () => {
    const { rig, verify } = createRig();
    rig.results = [ONE_LOST, ONE_LOST, NONE];
    for (let turn = 0; turn < 4; turn += 1) await verify({ from: null, maxSlices: 1 });
    expect(rig.slices.map(({ after }) => after)).toEqual([null, ...[null, 10], ...[null, 20], 30]);
  });

  it('verifies every slice on a schedule, also after the clock was set back', async () => {
    const { rig, verify } = createRig();
    rig.clockAheadMs = 1_000_000;
    for (let turn = 0; turn < 3; turn += 1) await verify({ from: null, maxSlices: 1 });
    rig.clockAheadMs = 0;
    for (let turn = 0; turn < 13; turn += 1) await verify({ from: null, maxSlices: 1 });
    const starts = rig.slices.slice(3).map(({ after }) => after);
    expect(starts).toEqual([null, 10, 20, 30, 40, 50, 60, 70, 80, 90, 100, 110, null]);
  });

  it('begins no slice when the time of the invocation is over, and says where to continue', async () => {
    const { rig, verify } = createRig();
    expect(await verify({ untilMs: 250 })).toMatchObject({ next: { slice: 2, after: 20 } });
    expect(rig.slices).toHaveLength(2);
  });

  it('stores how long each slice took, and reads ahead when another one follows that waits for no repair', async () => {
    const { rig, verify } = createRig();
    await verify({ maxSlices: 2 });
    expect((await rig.store.read()).slices[1]).toMatchObject({ slice: 1, seconds: 0.1 });
    await verify({ maxSlices: 2, isRepair: true });
    expect(rig.slices.map(({ isContinued }) => isContinued)).toEqual([true, false, false, false]);
  });

  it('continues after the greater one of two slices that were verified at the same time', async () => {
    const { rig, verify } = createRig();
    for (const slice of [4, 3]) {
      const range = { after: slice * 10, until: slice * 10 + 10 };
      await rig.store.recordSlice({ ...NONE, slice, range, checkedAt: new Date(0), seconds: 0 });
    }
    await verify({ from: null, maxSlices: 1 });
    expect(rig.slices.map(({ after }) => after)).toEqual([50]);
  });

  it('fails when the last slice cannot be stored', async () => {
    const { rig, verify } = createRig();
    jest.spyOn(rig.store, 'recordSlice').mockRejectedValue(new Error('unreachable'));
    await expect(verify({ maxSlices: 1 })).rejects.toThrow('unreachable');
  });

  it('repairs, waits until the repair has arrived, and stores what the slice has then', async () => {
    const { rig, verify } = createRig();
    rig.results = [ONE_LOST, NONE];
    const result = await verify({ maxSlices: 1, isRepair: true });
    expect(result).toMatchObject({ repaired: { images: 1, deletions: 0 } });
    expect(rig.repaired).toEqual([[7]]);
    expect(rig.waited).toEqual([[CHANGE]]);
    expect((await rig.store.read()).slices).toMatchObject([{ missing: 0 }]);
  });

  it('gives up after three repairs, and stores what still differs', async () => {
    const { rig, verify } = createRig();
    rig.results = [ONE_LOST];
    await verify({ maxSlices: 1, isRepair: true });
    expect(rig.repaired).toHaveLength(3);
    expect((await rig.store.read()).slices).toMatchObject([{ missing: 1, causes: { lost: 1 } }]);
  });

  it('repairs nothing unless it is asked to', async () => {
    const { rig, verify } = createRig();
    rig.results = [ONE_LOST];
    await verify({ maxSlices: 1 });
    expect(rig.repaired).toEqual([]);
  });

  it('that ends in the middle leaves the slices before it, and the next one continues there', async () => {
    const { rig, verify } = createRig();
    rig.failsAtSlice = 3;
    await expect(verify()).rejects.toThrow('killed');
    expect((await rig.store.read()).slices.map(({ slice }) => slice)).toEqual([0, 1, 2]);
    rig.failsAtSlice = null;
    await verify({ from: null, maxSlices: 1 });
    expect((await rig.store.read()).slices.map(({ slice }) => slice)).toEqual([0, 1, 2, 3]);
  });

  it('that ends in the middle of a repair repairs the rest when it is repeated', async () => {
    const { rig, verify } = createRig();
    rig.results = [ONE_LOST];
    rig.failsAtSlice = 0;
    await expect(verify({ maxSlices: 1, isRepair: true })).rejects.toThrow('killed');
    expect(rig.repaired).toEqual([[7]]);
    expect((await rig.store.read()).slices).toEqual([]);
    rig.failsAtSlice = null;
    rig.results = [ONE_LOST, NONE];
    await verify({ maxSlices: 1, isRepair: true });
    expect((await rig.store.read()).slices).toMatchObject([{ missing: 0 }]);
  });

  it('that has no time for all repairs says how many are left, and continues with the same slice', async () => {
    const { rig, verify } = createRig();
    rig.lost = 5;
    rig.results = [NONE, ONE_LOST, ONE_LOST];
    // The first slice takes 100 ms, and each repair after that a second.
    const request = { isRepair: true, repairsPerSecond: 1, untilMs: 2_500, endMs: 4_000 };
    const result = await verify(request);
    expect(result).toMatchObject({
      next: { slice: 1, after: 10 },
      repaired: { images: 3, leftByTime: 2, leftByLock: 0 },
    });
    expect(result.checked.map(({ slice, missing }) => [slice, missing])).toEqual([
      [0, 0],
      [1, 1],
    ]);
    expect(rig.waitedUntilMs).toEqual([4_000]);
    // When nothing can be repaired, the same slice would be repeated for ever.
    rig.results = [ONE_LOST];
    expect(await verify({ ...request, untilMs: 0, endMs: 0 })).toMatchObject({
      next: { slice: 1, after: 10 },
      repaired: { images: 0, leftByTime: 5 },
    });
  });

  it('keeps the rate of the repairs', async () => {
    const { rig, verify } = createRig();
    rig.results = [ONE_LOST, NONE];
    await verify({ maxSlices: 1, isRepair: true, repairsPerSecond: 0.5 });
    expect(rig.clock.nowMs).toBeGreaterThanOrEqual(2_000);
  });

  it.each([
    ['another column in the source', { sourceShape: 'other' }, 'PIPE_VERIFY_IMPOSSIBLE'],
    [
      'a snapshot under way',
      { savedPosition: position({ phase: 'snapshot', since: '1:1:', afterEmpId: 3 }) },
      'PIPE_VERIFY_TOO_EARLY',
    ],
    // Not a failure, which would be a condition of its own beside that of poll-changes.
    ['an unreadable position', { savedPosition: '{' }, 'PIPE_POSITION_UNREADABLE'],
    ['a snapshot that is not applied', { watermarkEpoch: 3n }, 'PIPE_VERIFY_TOO_EARLY'],
  ])('compares nothing with %s, and says so', async (_, state, code) => {
    const { rig, verify } = createRig();
    Object.assign(rig, state);
    expect(await verify()).toMatchObject({ checked: [], obstacles: [{ code }] });
    expect((await rig.store.read()).slices).toEqual([]);
  });

  it('waits for the heartbeat of the poller at the first of several verifications only', async () => {
    const { rig, verify } = createRig();
    await verify({ maxSlices: 1 });
    const before = rig.clock.nowMs;
    await verify({ from: null, maxSlices: 1 });
    expect(rig.clock.nowMs - before).toBe(100);
    // A heartbeat that changed since a look long ago may have stopped.
    rig.isPollerRunning = false;
    rig.heartbeat += 1;
    rig.clock.nowMs += 10_000;
    expect(await verify({ from: null, maxSlices: 1 })).toMatchObject({
      obstacles: [{ code: 'PIPE_POLLER_NOT_RUNNING' }],
    });
  });

  it.each([
    ['a broken capture', { faults: ['the trigger is disabled'] }, 'PIPE_CAPTURE_BROKEN'],
    ['no running poller', { isPollerRunning: false }, 'PIPE_POLLER_NOT_RUNNING'],
  ])('compares with %s too, and says so', async (_, state, code) => {
    const { rig, verify } = createRig();
    Object.assign(rig, state);
    const { checked, obstacles } = await verify();
    expect([checked.length, obstacles.map((each) => each.code)]).toEqual([12, [code]]);
  });

  it('compares by md5 when the servers are of different major versions', async () => {
    const { rig, verify } = createRig();
    rig.majorVersion = 17;
    await verify({ maxSlices: 1 });
    expect(rig.slices[0]?.walk.method).toBe('md5');
  });
});
