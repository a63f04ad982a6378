import { ComparisonTally } from '../../../functions/verify-replica/comparison-tally.ts';

const found = (empId: number, kind: 'missing' | 'extra' | 'different' = 'different') => ({
  ...{ empId, kind, columns: kind === 'different' ? ['city'] : [] },
});

let tally: ComparisonTally;
beforeEach(() => {
  tally = new ComparisonTally();
});

test('nothing is found at first', () => {
  expect(tally.result()).toEqual({
    ...{ rows: 0, ranges: 0, missing: 0, extra: 0, different: 0, held: 0, unsettled: 0 },
    ...{ causes: {}, heldBy: {}, samples: [] },
  });
});

test('differences are counted by kind and cause, held rows by their holder', () => {
  Object.assign(tally, { rows: 9, ranges: 2 });
  tally.addDifference(found(5, 'missing'), 'lost');
  tally.addDifference(found(4), 'edited-in-target');
  tally.addDifference(found(3, 'extra'), 'lost');
  tally.addHeld(found(2), 'salaryAbove');
  tally.addHeld(found(6), 'salaryAbove');
  tally.addHeld(found(1, 'missing'), 'dead letter');
  tally.addUnsettled(found(7));
  expect(tally.result()).toEqual({
    ...{ rows: 9, ranges: 2, missing: 1, extra: 1, different: 1, held: 3, unsettled: 1 },
    causes: { lost: 2, 'edited-in-target': 1 },
    heldBy: { salaryAbove: 2, 'dead letter': 1 },
    samples: [
      { ...found(1, 'missing'), cause: 'held by a dead letter' },
      { ...found(2), cause: 'held by rule salaryAbove' },
      { ...found(3, 'extra'), cause: 'lost' },
      { ...found(4), cause: 'edited-in-target' },
      { ...found(5, 'missing'), cause: 'lost' },
      { ...found(6), cause: 'held by rule salaryAbove' },
      { ...found(7), cause: 'unsettled' },
    ],
  });
});

test('at most 20 samples of each kind are kept, so that the size has a limit', () => {
  for (let empId = 1; empId <= 21; empId += 1) {
    for (const kind of ['missing', 'extra', 'different'] as const) tally.addDifference(found(empId, kind), 'lost');
    tally.addHeld(found(empId), 'salaryAbove');
    tally.addUnsettled(found(empId));
  }
  const { samples, missing, held } = tally.result();
  expect({ missing, held, samples: samples.length }).toEqual({ missing: 21, held: 21, samples: 5 * 20 });
  expect(samples.at(-1)?.empId).toBe(20);
});
