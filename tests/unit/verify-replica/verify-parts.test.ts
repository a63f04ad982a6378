import type { VerifyRequest } from '../../../functions/verify-replica/replica-verifier.ts';
import type { SalaryRequest } from '../../../functions/verify-replica/salary-verifier.ts';
import { verifyParts } from '../../../functions/verify-replica/verify-parts.ts';

const TIMES = { untilMs: 99, endMs: 120 };

function createVerifiers(slices: readonly number[] = [0]) {
  const asked: { changes: VerifyRequest[]; salaries: SalaryRequest[] } = { changes: [], salaries: [] };
  const checked = slices.map((slice) => ({ slice }));
  return {
    asked,
    replicaVerifier: {
      verify: async (request: VerifyRequest) => {
        asked.changes.push(request);
        return { checked, next: null, obstacles: [], repaired: { images: 0, deletions: 0 } } as never;
      },
    },
    salaryVerifier: {
      verify: async (request: SalaryRequest) => {
        asked.salaries.push(request);
        return { differences: 0 } as never;
      },
    },
  };
}

const scheduled = { version: '0', source: 'aws.events', 'detail-type': 'Scheduled Event' };

describe('an event of verify-replica', () => {
  it('from the schedule verifies the next slice, and the salaries with the first one', async () => {
    const first = createVerifiers([0]);
    await verifyParts(first, scheduled, TIMES);
    expect(first.asked.changes).toMatchObject([{ from: null, maxSlices: 1, isRepair: false, ...TIMES }]);
    expect(first.asked.salaries).toEqual([{ isRepair: false, isDeep: false, deepFrom: null, ...TIMES }]);
    // Slice 0 differs, so it is verified again before the one that follows.
    const later = createVerifiers([0, 5]);
    expect(await verifyParts(later, scheduled, TIMES)).toMatchObject({ salaries: null });
    // Employees that cannot be compared do not keep the salaries from being verified.
    const impossible = createVerifiers([]);
    await verifyParts(impossible, scheduled, TIMES);
    expect(impossible.asked.salaries).toHaveLength(1);
  });

  it('on request verifies both parts from the first key on, or one of them', async () => {
    const both = createVerifiers();
    await verifyParts(both, { action: 'verify' }, TIMES);
    expect(both.asked.changes).toMatchObject([{ from: { slice: 0, after: null }, maxSlices: 12, isRepair: false }]);
    expect(both.asked.salaries).toHaveLength(1);
    const one = createVerifiers();
    await verifyParts(one, { action: 'repair', part: 'salaries', isDeep: true }, TIMES);
    expect(one.asked).toEqual({ changes: [], salaries: [{ isRepair: true, isDeep: true, deepFrom: null, ...TIMES }] });
  });

  it.each([
    { action: 'destroy' },
    { action: 'verify', from: { slice: 12, after: null } },
    { action: 'repair', repairsPerSecond: 0 },
  ])('is refused when it is %j', async (event) => {
    const verifiers = createVerifiers();
    await expect(verifyParts(verifiers, event, TIMES)).rejects.toThrow();
    expect(verifiers.asked).toEqual({ changes: [], salaries: [] });
  });
});
