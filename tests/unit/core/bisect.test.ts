import fc from 'fast-check';
import { bisect } from '../../../functions/core/bisect.ts';
import { InputError } from '../../../functions/core/errors.ts';

const refuse = (bad: ReadonlySet<number>, calls: number[] = []) => {
  return async (part: readonly number[]) => {
    calls.push(part.length);
    if (part.some((item) => bad.has(item))) throw new InputError('PIPE_X', 'refused');
    return part;
  };
};

describe('bisect', () => {
  it('tries nothing for an empty batch', async () => {
    const calls: number[] = [];
    expect(await bisect([], refuse(new Set(), calls))).toEqual({ results: [], refused: [] });
    expect(calls).toEqual([]);
  });

  it('tries a good batch once', async () => {
    const calls: number[] = [];
    expect(await bisect([1, 2, 3], refuse(new Set(), calls))).toEqual({ results: [[1, 2, 3]], refused: [] });
    expect(calls).toEqual([3]);
  });

  it('isolates each refused item and applies all others, both in order', async () => {
    const items = fc.uniqueArray(fc.integer(), { minLength: 1, maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(items, fc.array(fc.boolean(), { minLength: 40, maxLength: 40 }), async (batch, isBad) => {
        const bad = new Set(batch.filter((_, index) => isBad[index]));
        const { results, refused } = await bisect(batch, refuse(bad));
        expect(results.flat()).toEqual(batch.filter((item) => !bad.has(item)));
        expect(refused.map(({ item }) => item)).toEqual(batch.filter((item) => bad.has(item)));
      }),
    );
  });

  it('gives the error with which an item was refused when it was tried alone', async () => {
    const { refused } = await bisect([7, 8], refuse(new Set([8])));
    expect(refused).toEqual([{ item: 8, error: expect.objectContaining({ code: 'PIPE_X' }) }]);
  });

  it('needs about two attempts for each halving to find one item among 1,024', async () => {
    const calls: number[] = [];
    await bisect(
      Array.from({ length: 1_024 }, (_, index) => index),
      refuse(new Set([700]), calls),
    );
    expect(calls).toHaveLength(21);
  });

  it('stops at the first transient error', async () => {
    const calls: number[] = [];
    const attempt = async (part: readonly number[]) => {
      calls.push(part.length);
      throw part.length > 2 ? new InputError('PIPE_X', 'refused') : new Error('connection lost');
    };
    await expect(bisect([1, 2, 3, 4], attempt)).rejects.toThrow('connection lost');
    expect(calls).toEqual([4, 2]);
  });
});
