import type { EmployeeHashes } from '../../../functions/ports/employee-hashes.ts';
import { KeyWalk } from '../../../functions/verify-replica/key-walk.ts';
import { InMemoryEmployeeHashes } from '../../support/in-memory-employee-hashes.ts';

const sideOf = (keys: readonly number[]) => new InMemoryEmployeeHashes(keys.map((key) => [key, BigInt(key) * 31n]));

const walk = async (
  source: EmployeeHashes,
  replica: EmployeeHashes,
  after: number | null = null,
  maxRows: number | null = null,
) => {
  const found: number[] = [];
  const keyWalk = new KeyWalk({ source, replica, method: 'record', chunkRows: 1_000 });
  const walked = await keyWalk.run(after, maxRows, async (keys) => void found.push(...keys));
  return { found, ...walked };
};

const keysUpTo = (count: number, step = 1) => Array.from({ length: count }, (_, index) => (index + 1) * step);

describe('a walk along the keys', () => {
  it('finds nothing when both sides are equal', async () => {
    expect(await walk(sideOf(keysUpTo(2_500)), sideOf(keysUpTo(2_500)))).toMatchObject({
      found: [],
      rows: 2_500,
      until: null,
    });
    expect(await walk(sideOf([]), sideOf([]))).toMatchObject({ found: [], rows: 0, ranges: 1 });
  });

  it('finds rows that are missing, extra or different, at every edge', async () => {
    const source = sideOf(keysUpTo(3_000, 7));
    const replica = sideOf(keysUpTo(3_000, 7));
    for (const key of [7, 7_000, 7_007, 21_000]) replica.rows.delete(key);
    const extra = sideOf([-5, 3, 7_003, 10_501, 21_001, 2_147_483_647]);
    for (const [key, hash] of extra.rows) replica.rows.set(key, hash);
    for (const key of [3_500, 14_000]) replica.rows.set(key, 1n);
    const sorted = new InMemoryEmployeeHashes(replica.rows);
    const expected = [-5, 3, 7, 3_500, 7_000, 7_003, 7_007, 10_501, 14_000, 21_000, 21_001, 2_147_483_647];
    expect((await walk(source, sorted)).found).toEqual(expected);
  });

  it('finds every row of a side that the other does not have, in reads of bounded size', async () => {
    expect((await walk(sideOf([]), sideOf(keysUpTo(12_000)))).found).toEqual(keysUpTo(12_000));
    expect((await walk(sideOf(keysUpTo(12_000)), sideOf([]))).found).toEqual(keysUpTo(12_000));
    expect((await walk(sideOf([5]), sideOf(keysUpTo(12_000)))).found).toHaveLength(11_999);
  });

  it('is not deceived by rows whose hashes cancel out', async () => {
    const source = new InMemoryEmployeeHashes([
      [1, 5n],
      [2, 5n],
    ]);
    expect((await walk(source, new InMemoryEmployeeHashes([]))).found).toEqual([1, 2]);
  });

  it('ends after the rows of a slice, and the next slice continues there', async () => {
    const source = sideOf(keysUpTo(2_600));
    const replica = sideOf([...keysUpTo(2_600), 5_000]);
    const first = await walk(source, replica, null, 1_500);
    expect(first).toMatchObject({ found: [], rows: 1_500, until: 1_500 });
    const second = await walk(source, replica, first.until, 1_000);
    expect(second).toMatchObject({ found: [], rows: 1_000, until: 2_500 });
    // It has fewer rows than wanted, so it goes to the end.
    expect(await walk(source, replica, second.until, 1_500)).toMatchObject({ found: [5_000], rows: 100, until: null });
  });
});
