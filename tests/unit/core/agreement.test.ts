import { causeText, summarizeAgreement } from '../../../functions/core/agreement.ts';
import type { Comparison } from '../../../functions/core/verification.ts';

const slice = (comparison: Partial<Comparison>, minute: number, differsSince: Date | null = null) => ({
  ...{ rows: 10, ranges: 1, missing: 0, extra: 0, different: 0, held: 0, unsettled: 0 },
  ...{ causes: {}, heldBy: {}, samples: [], checkedAt: at(minute), differsSince },
  ...comparison,
});
const at = (minute: number) => new Date(Date.UTC(2026, 0, 1, 0, minute));

it('adds up what the slices have found, the most frequent cause first', () => {
  const slices = [
    slice({ missing: 2, causes: { lost: 2 }, held: 1, heldBy: { salaryAbove: 1 } }, 5, at(3)),
    slice({ extra: 1, different: 4, causes: { lost: 1, 'edited-in-target': 4 }, unsettled: 7 }, 6, at(2)),
    slice({ rows: 5 }, 4),
  ];
  expect(summarizeAgreement({ slices })).toEqual({
    rows: 25,
    different: 7,
    held: 1,
    unsettled: 7,
    causes: [
      ['edited-in-target', 4],
      ['lost', 3],
    ],
    heldBy: [['salaryAbove', 1]],
    samples: [],
    differsSince: at(2),
    newestCheckAt: at(6),
  });
});

it('has no times before the first verification', () => {
  expect(summarizeAgreement({ slices: [] })).toMatchObject({ rows: 0, differsSince: null, newestCheckAt: null });
});

it('leaves out causes and holders without rows', () => {
  const slices = [slice({ causes: { lost: 0 }, heldBy: { salaryAbove: 0 } }, 5)];
  expect(summarizeAgreement({ slices })).toMatchObject({ causes: [], heldBy: [] });
});

it('has the holders of most rows first, and the samples of all slices', () => {
  const sample = (empId: number) => ({ empId, kind: 'missing' as const, cause: 'lost', columns: [] });
  const slices = [
    slice({ heldBy: { salaryAbove: 1, 'dead letter': 2 }, samples: [sample(1)] }, 5),
    slice({ heldBy: { 'dead letter': 1 }, samples: [sample(2), sample(3)] }, 6),
  ];
  expect(summarizeAgreement({ slices })).toMatchObject({
    ...{
      heldBy: [
        ['dead letter', 3],
        ['salaryAbove', 1],
      ],
      samples: [sample(1), sample(2), sample(3)],
    },
  });
});

it.each([
  ['trigger-disabled', 'changed while a capture trigger was off'],
  ['edited-in-target', 'edited in B'],
  ['came-in-by-another-way', 'written to B by another way'],
  ['lost', 'lost on the way'],
] as const)('has words for cause %s', (cause, text) => {
  expect(causeText(cause)).toBe(text);
});
