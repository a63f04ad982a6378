import type { CheckedSlice } from '../../functions/ports/verification-store.ts';
import { handler } from '../../functions/verify-replica/handler.ts';
import event from '../fixtures/events/schedule.json' with { type: 'json' };
import '../support/hidden-output.ts';
import { lambdaContext } from '../support/lambda-context.ts';

const context = lambdaContext('verify-replica');

/** An employee of A is missing in B. */
const slice: CheckedSlice = {
  ...{ slice: 0, range: { after: null, until: 100 }, checkedAt: new Date('2026-01-31T10:20:00Z'), seconds: 1 },
  ...{ rows: 100, ranges: 1, missing: 1, extra: 0, different: 0, held: 0, unsettled: 0, heldBy: {} },
  ...{ causes: { lost: 1 }, samples: [{ empId: 7, kind: 'missing', cause: 'lost', columns: [] }] },
};

/** The handler with verifiers that find this difference, and none of the salaries. */
function connectVerifyReplica() {
  const repaired = { images: 0, deletions: 0, leftByTime: 0, leftByLock: 0 };
  const verifyChanges = jest.fn(async () => ({ checked: [slice], next: null, obstacles: [], repaired }));
  const salaries = {
    ...{ files: 2, rows: 10, differences: 0, findings: [], nextDeep: null },
    repaired: { totals: 0, superseded: 0, files: 0 },
  };
  const verifyReplica = handler.withDependencies(({ logger }) => ({
    logger,
    replicaVerifier: { verify: verifyChanges },
    salaryVerifier: { verify: async () => salaries },
  }));
  return { verifyChanges, verifyReplica };
}

it('returns what a scheduled verification has found, which differences do not make fail', async () => {
  const { verifyReplica } = connectVerifyReplica();
  expect(await verifyReplica(event, context)).toMatchObject({
    changes: { checked: [{ slice: 0, missing: 1, causes: { lost: 1 } }] },
    salaries: { differences: 0 },
  });
});

it('fails while a server is unreachable, and the next schedule begins after the last slice that was verified', async () => {
  const { verifyChanges, verifyReplica } = connectVerifyReplica();
  verifyChanges.mockRejectedValueOnce(new Error('A is unreachable'));
  await expect(verifyReplica(event, context)).rejects.toThrow('A is unreachable');
  await verifyReplica(event, context);
  expect(verifyChanges).toHaveBeenLastCalledWith(expect.objectContaining({ from: null, maxSlices: 1 }));
});
