import type { Clock } from '../../../functions/ports/clock.ts';
import type { EmployeeHashes } from '../../../functions/ports/employee-hashes.ts';
import { KeyWalk, type KeyWalkSettings } from '../../../functions/verify-replica/key-walk.ts';
import { InMemoryEmployeeHashes } from '../../support/in-memory-employee-hashes.ts';

const sideOf = (keys: readonly number[]) => new InMemoryEmployeeHashes(keys.map((key) => [key, BigInt(key) * 31n]));

const clock: Clock = { monotonicMs: () => 0, sleep: async () => {} };

const makeWalk = (source: EmployeeHashes, replica: EmployeeHashes, settings: Partial<KeyWalkSettings> = {}) =>
  new KeyWalk({ source, replica, method: 'columns', clock, pace: 'full', chunkRows: 1_000, ...settings });

const walk = async (
  source: EmployeeHashes,
  replica: EmployeeHashes,
  after: number | null = null,
  maxRows: number | null = null,
) => {
  const found: number[] = [];
  const keyWalk = makeWalk(source, replica);
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

  it('lets the source sum the first chunk of the next slice while the replica sums the last one of this slice', async () => {
    const [source, replica] = [sideOf(keysUpTo(3_000)), sideOf(keysUpTo(3_000))];
    const calls: string[] = [];
    const sumNext = source.sumNext.bind(source);
    const sumRange = replica.sumRange.bind(replica);
    source.sumNext = async (after, ...rest) => {
      calls.push(`source after ${after}`);
      return sumNext(after, ...rest);
    };
    replica.sumRange = async (range) => {
      calls.push(`replica until ${range.until}`);
      return sumRange(range);
    };
    const keyWalk = makeWalk(source, replica);
    const none = async () => {};
    await keyWalk.run(null, 1_000, none, { isContinued: true });
    await keyWalk.run(1_000, 1_000, none, { isContinued: false });
    expect(calls).toEqual(['source after null', 'source after 1000', 'replica until 1000', 'replica until 2000']);
  });

  it('at a gentle pace rests after each chunk for four times as long, and reads nothing ahead', async () => {
    const [source, replica] = [sideOf(keysUpTo(2_500)), sideOf(keysUpTo(2_500))];
    let nowMs = 0;
    const rests: number[] = [];
    const pacedClock: Clock = {
      monotonicMs: () => nowMs,
      sleep: async (ms) => void rests.push(ms),
    };
    let running = 0;
    const slowly = <Args extends unknown[], Result>(read: (...args: Args) => Promise<Result>) => {
      return async (...args: Args) => {
        running += 1;
        expect(running).toBe(1);
        await Promise.resolve();
        nowMs += 10;
        running -= 1;
        return read(...args);
      };
    };
    source.sumNext = slowly(source.sumNext.bind(source));
    replica.sumRange = slowly(replica.sumRange.bind(replica));
    await makeWalk(source, replica, { clock: pacedClock, pace: 'gentle' }).run(null, null, async () => {});
    expect(rests).toEqual([380, 380, 380]);
  });
});
