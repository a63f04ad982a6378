import type { Verdict } from '../../../functions/core/replica-verdict.ts';
import type { Candidate } from '../../../functions/verify-replica/candidate-judge.ts';
import type { KeyWalk } from '../../../functions/verify-replica/key-walk.ts';
import { type ProvenDifference, SliceVerifier } from '../../../functions/verify-replica/slice-verifier.ts';

const inFlight = (changeId: bigint): Verdict => ({ outcome: 'in-flight', changeId, kind: 'missing' });

/** A walk that finds keys in batches, and verdicts that the test gives. */
function createRig(batches: readonly (readonly number[])[], judgeKey: (candidate: Candidate) => Verdict) {
  const calls: string[] = [];
  const proven: ProvenDifference[] = [];
  let nowMs = 0;
  const clock = { monotonicMs: () => nowMs, sleep: async () => {} };
  const verifier = new SliceVerifier({
    judge: {
      judge: async (candidates) => {
        calls.push(`judge ${candidates.length}`);
        return candidates.map((candidate) => ({
          ...{ empId: candidate.empId, verdict: judgeKey(candidate), columns: ['city'] },
          isInSource: candidate.empId % 2 === 0,
        }));
      },
    },
    arrival: {
      untilPassed: async (changeIds, untilMs) => {
        calls.push(`wait for ${changeIds.length} until ${untilMs}`);
        nowMs += 10;
        return true;
      },
    },
    clock,
  });
  const walk = {
    run: async (_after: unknown, _maxRows: unknown, onDifferent: (keys: readonly number[]) => Promise<void>) => {
      for (const keys of batches) await onDifferent(keys);
      calls.push('end of the walk');
      return { rows: 7, ranges: 3, until: 9 };
    },
  } as unknown as KeyWalk;
  const verify = (settleMs = 1_000, withProven = true) =>
    verifier.verify({
      ...{ after: null, maxRows: null, walk, isContinued: false, settleMs, endMs: Number.POSITIVE_INFINITY },
      ...(withProven && { onProven: async (found: readonly ProvenDifference[]) => void proven.push(...found) }),
    });
  return { verify, calls, proven };
}
const keys = (count: number, first = 0) => Array.from({ length: count }, (_, index) => first + index);
const AGREED: Verdict = { outcome: 'agreed' };

describe('keys that differ', () => {
  it('are judged 2,500 at a time while the walk continues, and the others at its end', async () => {
    const { verify, calls } = createRig([keys(2_499), keys(1, 2_499), keys(5_100, 2_500)], () => AGREED);
    expect(await verify()).toMatchObject({ comparison: { rows: 7, ranges: 3, samples: [] }, until: 9 });
    expect(calls).toEqual(['judge 2500', 'judge 2500', 'judge 2500', 'end of the walk', 'judge 100']);
  });

  it('wait together once 10,000 are judged, or the walk has ended, so that memory has a limit', async () => {
    const judge = ({ settledId }: Candidate) => (settledId === null ? inFlight(5n) : AGREED);
    const batches = keys(6).map((batch) => keys(2_500, batch * 2_500));
    const { verify, calls } = createRig(batches, judge);
    await verify();
    // While 10,000 wait, the next 2,500 are being judged.
    expect(calls.filter((call) => call.startsWith('wait'))).toEqual([
      ...['wait for 12500 until 1000', 'wait for 2500 until 1000'],
    ]);
    expect(calls.indexOf('wait for 12500 until 1000')).toBeLessThan(calls.indexOf('end of the walk'));
    const few = createRig([keys(2_500)], judge);
    await few.verify();
    expect(few.calls.indexOf('end of the walk')).toBeLessThan(few.calls.indexOf('wait for 2500 until 1000'));
  });

  it('are judged again in the same batches', async () => {
    const judge = ({ settledId }: Candidate) => (settledId === null ? inFlight(5n) : AGREED);
    const { verify, calls } = createRig([keys(5_000)], judge);
    await verify();
    expect(calls.slice(calls.indexOf('wait for 5000 until 1000'))).toEqual([
      ...['wait for 5000 until 1000', 'judge 2500', 'judge 2500'],
    ]);
  });

  it('of a snapshot wait for no change of their own', async () => {
    const judge = ({ settledId }: Candidate) => (settledId === null ? inFlight(0n) : AGREED);
    const { verify, calls } = createRig([[1, 2]], judge);
    await verify();
    expect(calls).toContain('wait for 0 until 1000');
  });

  it('wait once for all, however often some change again', async () => {
    const { verify, calls } = createRig([[1]], () => inFlight(5n));
    expect(await verify(25)).toMatchObject({
      comparison: { unsettled: 1, samples: [{ empId: 1, kind: 'missing', columns: ['city'] }] },
    });
    expect(calls.filter((call) => call.startsWith('wait'))).toEqual(Array(3).fill('wait for 1 until 25'));
    const exactly = createRig([[1]], () => inFlight(5n));
    await exactly.verify(20);
    expect(exactly.calls.filter((call) => call.startsWith('wait'))).toHaveLength(2);
  });
});

it('tells which differences are proven, and counts them without a listener too', async () => {
  const judge = ({ empId }: Candidate): Verdict =>
    empId === 3
      ? { outcome: 'held', holder: 'salaryAbove', kind: 'missing' }
      : { outcome: 'differs', cause: 'lost', kind: 'missing' };
  const { verify, proven } = createRig([[1, 2, 3]], judge);
  const expected = {
    comparison: {
      ...{ missing: 2, held: 1, causes: { lost: 2 }, heldBy: { salaryAbove: 1 } },
      samples: [
        { empId: 1, kind: 'missing', cause: 'lost', columns: ['city'] },
        { empId: 2, kind: 'missing', cause: 'lost', columns: ['city'] },
        { empId: 3, kind: 'missing', cause: 'held by rule salaryAbove', columns: ['city'] },
      ],
    },
  };
  expect(await verify()).toMatchObject(expected);
  expect(proven).toEqual([
    { empId: 1, isInSource: false },
    { empId: 2, isInSource: true },
  ]);
  expect(await createRig([[1, 2, 3]], judge).verify(1_000, false)).toMatchObject(expected);
});
