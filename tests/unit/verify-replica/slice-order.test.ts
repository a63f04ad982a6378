import type { Agreement, CheckedSlice } from '../../../functions/ports/verification-store.ts';
import { dueSlices } from '../../../functions/verify-replica/slice-order.ts';

const NOW = new Date('2026-11-26T12:00:00Z');
const HOUR_MS = 3_600_000;

const agreementOf = (...slices: Partial<CheckedSlice>[]): Agreement => ({
  ...{ oldestCheckedAt: null, salaries: null },
  slices: slices.map((each, slice) => ({
    ...{ slice, range: { after: slice * 10, until: slice * 10 + 10 }, checkedAt: NOW, seconds: 1, differsSince: null },
    ...{ rows: 10, ranges: 1, missing: 0, extra: 0, different: 0, held: 0, unsettled: 0 },
    ...{ causes: {}, heldBy: {}, samples: [], ...each },
  })),
});

describe('the slices that are verified beside the next one', () => {
  it.each([
    ['has a missing row', { missing: 1 }, true],
    ['has a row that was not settled', { unsettled: 1 }, false],
    ['was verified more than twelve hours ago', { checkedAt: new Date(NOW.getTime() - 12 * HOUR_MS - 1) }, true],
    ['was verified twelve hours ago', { checkedAt: new Date(NOW.getTime() - 12 * HOUR_MS) }, false],
    ['has rows that are held', { held: 3 }, false],
    ['agrees', {}, false],
  ])('one that %s: %j, %s', (_, slice, isDue) => {
    const due = dueSlices(agreementOf({}, slice), 5, NOW);
    expect(due).toEqual(isDue ? [{ slice: 1, after: 10 }] : []);
  });

  it('do not include the next one', () => {
    expect(dueSlices(agreementOf({ missing: 1 }, { missing: 1 }), 1, NOW)).toEqual([{ slice: 0, after: 0 }]);
  });
});
