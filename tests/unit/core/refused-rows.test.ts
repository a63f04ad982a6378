import { InputError, SchemaError } from '../../../functions/core/errors.ts';
import { areRowsAtFault, isolateRefused, type RefusalEvidence } from '../../../functions/core/refused-rows.ts';

/** `held`: number of rows that the table holds, all of which can be written again. */
const judge = ({ held = 0, ...evidence }: Partial<RefusalEvidence> & { held?: number }) =>
  areRowsAtFault({
    ...{ refusedInBatch: 1, acceptedInBatch: 0, refusedInARow: 1, acceptedSince: false },
    ...{ isColumnUnfit: false, isValueInvalid: false },
    holdsAcceptedRows: async (count) => held >= count,
    ...evidence,
  });

describe('refused rows are at fault', () => {
  it.each<[string, Parameters<typeof judge>[0]]>([
    ['other rows of the batch are accepted', { acceptedInBatch: 1, isColumnUnfit: true }],
    ['a tenth of the batch is accepted', { refusedInBatch: 1_000, refusedInARow: 1_000, acceptedInBatch: 100 }],
    ['other batches were accepted since', { acceptedSince: true, isColumnUnfit: true }],
    ['no table could hold the value', { isValueInvalid: true, refusedInBatch: 1_000, refusedInARow: 1_000 }],
    ['the table holds a row that is still accepted', { held: 1 }],
    ['up to 20 in a row are refused', { refusedInARow: 20, held: 1 }],
    ['more are refused, but only a tenth of the table', { refusedInARow: 21, held: 210 }],
  ])('when %s', async (_, evidence) => {
    expect(await judge(evidence)).toBe(true);
  });
});

describe('the schema is at fault', () => {
  it.each<[string, Parameters<typeof judge>[0]]>([
    ['no row is known that is accepted', {}],
    [
      'less than a tenth of the batch is accepted',
      { refusedInBatch: 1_001, refusedInARow: 1_001, acceptedInBatch: 100 },
    ],
    ['a column does not fit and no other row is accepted', { isColumnUnfit: true, held: 1_000 }],
    ['a column does not fit a value', { isColumnUnfit: true, isValueInvalid: true }],
    ['more than 20 in a row and more than a tenth of the table are refused', { refusedInARow: 21, held: 209 }],
  ])('when %s', async (_, evidence) => {
    expect(await judge(evidence)).toBe(false);
  });
});

describe('isolateRefused', () => {
  const items = (count: number) => Array.from({ length: count }, (_, index) => index);
  const attempting = (isRefused: (item: number) => boolean, calls: number[][] = []) => {
    return async (part: readonly number[]) => {
      calls.push([...part]);
      if (part.some(isRefused)) throw new InputError('PIPE_X', 'refused');
      return part.length;
    };
  };
  const noFault = async () => {};

  it('judges the refused items once all others are accepted', async () => {
    const judged: number[][] = [];
    const { refused, results } = await isolateRefused(
      items(100),
      attempting((item) => item % 50 === 7),
      async (refusedItems) => void judged.push(refusedItems.map(({ item }) => item)),
    );
    expect(refused.map(({ item }) => item)).toEqual([7, 57]);
    expect(results.reduce((sum, count) => sum + count, 0)).toBe(98);
    expect(judged).toEqual([[7, 57]]);
  });

  it('judges nothing when nothing is refused', async () => {
    const judgeNone = jest.fn(noFault);
    await isolateRefused(
      items(10),
      attempting(() => false),
      judgeNone,
    );
    expect(judgeNone).not.toHaveBeenCalled();
  });

  it('stops after 20 items and a sample of the rest when all of them are refused and the schema is at fault', async () => {
    const calls: number[][] = [];
    const judged: number[] = [];
    const unfit = new SchemaError('unfit');
    const attempt = isolateRefused(
      items(5_000),
      attempting(() => true, calls),
      async (refused) => {
        judged.push(...refused.map(({ item }) => item));
        throw unfit;
      },
    );
    await expect(attempt).rejects.toBe(unfit);
    expect(calls.length).toBeLessThan(100);
    const sample = items(20).map((index) => 249 + index * 250);
    expect(judged).toEqual([...items(20), ...sample]);
  });

  it('continues when one item of the sample is accepted, and isolates every other', async () => {
    const judged: number[] = [];
    const { refused } = await isolateRefused(
      items(1_000),
      attempting((item) => item < 999),
      async ({ length }) => void judged.push(length),
    );
    expect(judged).toEqual([999]);
    expect(refused).toHaveLength(999);
  });
});
