import { VerifyFunction } from '../../../../localstack/commands/verify/verify-function.ts';

const NONE = { rows: 10, ranges: 1, missing: 0, extra: 0, different: 0, held: 0, unsettled: 0, seconds: 1 };
const NOTHING_REPAIRED = { images: 0, deletions: 0, leftByTime: 0, leftByLock: 0 };

/** Answers one event after the other. */
function createFunction(answers: readonly object[]) {
  const events: unknown[] = [];
  const left = [...answers];
  const invoke = async (_: string, event: unknown) => {
    events.push(event);
    return left.shift();
  };
  return { verifyFunction: new VerifyFunction({ invoke }), events };
}

const verified = (slice: number, next: number | null, more: object = {}, repaired: object = {}) => ({
  changes: {
    checked: [{ ...NONE, slice, ...more }],
    next: next === null ? null : { slice: next, after: next * 100 },
    obstacles: [],
    repaired: { ...NOTHING_REPAIRED, ...repaired },
  },
});

it('asks for one slice after the other, and adds up what they have repaired', async () => {
  const { verifyFunction, events } = createFunction([
    verified(0, 1, {}, { images: 3, leftByLock: 2 }),
    verified(1, null, {}, { images: 1, deletions: 4, leftByLock: 1 }),
  ]);
  const shown: number[] = [];
  const options = { isRepair: true, repairsPerSecond: 5 };
  expect(await verifyFunction.verifyEmployees(options, (slice) => shown.push(slice))).toMatchObject({
    ...{ seconds: 2, repaired: { images: 4, deletions: 4, leftByTime: 0, leftByLock: 3 } },
    slices: [{ slice: 0 }, { slice: 1 }],
  });
  expect(events).toEqual([
    { action: 'repair', part: 'changes', maxSlices: 1, repairsPerSecond: 5, from: { slice: 0, after: null } },
    { action: 'repair', part: 'changes', maxSlices: 1, repairsPerSecond: 5, from: { slice: 1, after: 100 } },
  ]);
  expect(shown).toEqual([0, 1]);
});

it('continues a slice that an invocation could not end, and counts it once', async () => {
  const { verifyFunction, events } = createFunction([
    verified(0, 0, { missing: 7 }, { images: 3, leftByTime: 7, leftByLock: 2 }),
    verified(0, null, { missing: 0 }, { images: 7 }),
  ]);
  expect(await verifyFunction.verifyEmployees({ isRepair: true, repairsPerSecond: null }, () => {})).toMatchObject({
    slices: [{ slice: 0, missing: 0 }],
    repaired: { images: 10, leftByTime: 0, leftByLock: 0 },
  });
  expect(events).toMatchObject([{ from: { slice: 0, after: null } }, { from: { slice: 0, after: 0 } }]);
});

it('says what every slice has left, also one that is followed by others', async () => {
  const { verifyFunction } = createFunction([
    verified(0, 1, {}, { leftByTime: 7 }),
    verified(1, 1, {}, { leftByTime: 4, leftByLock: 3 }),
    verified(1, 2, {}, { leftByTime: 2, leftByLock: 1 }),
    verified(2, null),
  ]);
  expect(await verifyFunction.verifyEmployees({ isRepair: true, repairsPerSecond: null }, () => {})).toMatchObject({
    repaired: { leftByTime: 9, leftByLock: 1 },
  });
});

it('continues a comparison with the objects until it ends', async () => {
  const deepFrom = { afterFileId: '9' };
  const { verifyFunction, events } = createFunction([
    { salaries: { differences: 0, nextDeep: deepFrom } },
    { salaries: { differences: 2, nextDeep: null } },
  ]);
  expect(await verifyFunction.verifySalaries({ isRepair: false, isDeep: true })).toEqual({ differences: 2 });
  expect(events).toEqual([
    { action: 'verify', part: 'salaries', isDeep: true, deepFrom: null },
    { action: 'verify', part: 'salaries', isDeep: true, deepFrom },
  ]);
});
