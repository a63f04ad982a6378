import type { Verdict } from '../../../functions/core/replica-verdict.ts';
import type { Candidate } from '../../../functions/verify-replica/candidate-judge.ts';
import { KeyWalk } from '../../../functions/verify-replica/key-walk.ts';
import { type ProvenDifference, SliceVerifier } from '../../../functions/verify-replica/slice-verifier.ts';
import { InMemoryEmployeeHashes } from '../../support/in-memory-employee-hashes.ts';

/** Verdicts by key, one for each time that the key is judged; the last one stays. */
type Script = Readonly<Record<number, readonly Verdict[]>>;

const inFlight = (changeId: number): Verdict => ({
  outcome: 'in-flight',
  changeId: BigInt(changeId),
  kind: 'different',
});
const LOST: Verdict = { outcome: 'differs', cause: 'lost', kind: 'missing' };
const AGREED: Verdict = { outcome: 'agreed' };

function createRig(script: Script, passes: (changeIds: readonly bigint[]) => boolean = () => true) {
  const keys = Object.keys(script).map(Number);
  const source = new InMemoryEmployeeHashes(keys.map((key) => [key, 1n]));
  const replica = new InMemoryEmployeeHashes([]);
  const judged: Candidate[][] = [];
  const waits: (readonly bigint[])[] = [];
  const turns = new Map<number, number>();
  let nowMs = 0;
  const verifier = new SliceVerifier({
    judge: {
      judge: async (candidates) => {
        judged.push([...candidates]);
        return candidates.map(({ empId }) => {
          const turn = turns.get(empId) ?? 0;
          turns.set(empId, turn + 1);
          const verdicts = script[empId] ?? [];
          const verdict = verdicts[Math.min(turn, verdicts.length - 1)] ?? AGREED;
          return { empId, verdict, columns: ['city'], isInSource: true };
        });
      },
    },
    arrival: {
      untilPassed: async (changeIds) => {
        waits.push(changeIds);
        nowMs += 10;
        return passes(changeIds);
      },
    },
    clock: { monotonicMs: () => nowMs, sleep: async () => {} },
  });
  const proven: ProvenDifference[] = [];
  const clock = { monotonicMs: () => nowMs, sleep: async () => {} };
  const verify = async (settleMs = 1_000, endMs = Number.POSITIVE_INFINITY) => {
    const walk = new KeyWalk({ source, replica, method: 'columns', clock, pace: 'full' });
    const request = { after: null, maxRows: null, walk, settleMs, endMs, isContinued: false };
    return (await verifier.verify({ ...request, onProven: async (found) => void proven.push(...found) })).comparison;
  };
  return { verify, judged, waits, proven };
}

describe('the verification of a slice', () => {
  it('waits for what is on its way, and then judges it again by the change that it has waited for', async () => {
    const rig = createRig({ 1: [inFlight(8), AGREED], 2: [inFlight(9), LOST], 3: [AGREED] });
    expect(await rig.verify()).toMatchObject({
      ...{ rows: 3, missing: 1, different: 0, unsettled: 0, causes: { lost: 1 } },
      samples: [{ empId: 2, kind: 'missing', cause: 'lost', columns: ['city'] }],
    });
    expect(rig.waits).toEqual([[8n, 9n]]);
    expect(rig.judged.at(-1)).toEqual([
      { empId: 1, settledId: 8n },
      { empId: 2, settledId: 9n },
    ]);
    expect(rig.proven).toEqual([{ empId: 2, isInSource: true }]);
  });

  it('waits again for an employee that has changed meanwhile', async () => {
    const rig = createRig({ 1: [inFlight(8), inFlight(9), AGREED] });
    expect(await rig.verify()).toMatchObject({ unsettled: 0, causes: {} });
    expect(rig.waits).toEqual([[8n], [9n]]);
  });

  it('calls a change lost only when the applier has passed it', async () => {
    const rig = createRig({ 1: [inFlight(8), inFlight(8)] }, () => false);
    expect(await rig.verify()).toMatchObject({ unsettled: 1, missing: 0, causes: {} });
    expect(rig.judged.at(-1)).toEqual([{ empId: 1, settledId: null }]);
  });

  it('ends when the time is over, with what is still on its way as unsettled', async () => {
    const rig = createRig({ 1: [inFlight(8)], 2: [inFlight(9), LOST] });
    expect(await rig.verify(25)).toMatchObject({ unsettled: 1, causes: { lost: 1 } });
    expect(rig.waits.length).toBeLessThan(5);
  });

  it('judges nothing after its end, and counts the keys as unsettled', async () => {
    const rig = createRig({ 1: [LOST], 2: [LOST] });
    expect(await rig.verify(1_000, 0)).toMatchObject({ rows: 2, missing: 0, unsettled: 2, causes: {} });
    expect([rig.judged, rig.waits]).toEqual([[], []]);
  });

  it('counts held rows by what holds them, and keeps a bounded number of samples', async () => {
    const held: Verdict = { outcome: 'held', holder: 'salaryAbove', kind: 'missing' };
    const rig = createRig(Object.fromEntries(Array.from({ length: 50 }, (_, key) => [key, [held]])));
    const { samples, ...found } = await rig.verify();
    expect(found).toMatchObject({ held: 50, heldBy: { salaryAbove: 50 }, missing: 0 });
    expect(samples).toHaveLength(20);
    expect(rig.proven).toEqual([]);
  });
});
