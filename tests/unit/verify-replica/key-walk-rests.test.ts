import { KeyWalk } from '../../../functions/verify-replica/key-walk.ts';
import { InMemoryEmployeeHashes } from '../../support/in-memory-employee-hashes.ts';
import { SleeplessClock } from '../../support/sleepless-clock.ts';

/** A gentle walk over four chunks. What a sum and a judgement take is up to the test. */
async function restsOf({ sumMs, judgeMs = 0, endMs }: { sumMs: number; judgeMs?: number; endMs?: number }) {
  const keys = Array.from({ length: 40 }, (_, index) => index + 1);
  const side = () => new InMemoryEmployeeHashes(keys.map((key) => [key, BigInt(key)]));
  const [source, replica] = [side(), side()];
  // The first chunk has a row that differs.
  replica.rows.delete(5);
  const clock = new SleeplessClock(7_000);
  const sumNext = source.sumNext.bind(source);
  source.sumNext = async (...request) => {
    clock.nowMs += sumMs;
    return sumNext(...request);
  };
  const walk = new KeyWalk({ source, replica, method: 'columns', clock, pace: 'gentle', chunkRows: 10 });
  const judge = async () => {
    clock.nowMs += judgeMs;
  };
  const { rows } = await walk.run(null, 40, judge, endMs === undefined ? {} : { endMs: 7_000 + endMs });
  expect(rows).toBe(40);
  return clock.sleeps;
}

describe('a gentle walk', () => {
  it('rests nineteen times as long as its statements took, without the wait for changes on their way', async () => {
    expect(await restsOf({ sumMs: 10, judgeMs: 30_000 })).toEqual([190, 190, 190, 190]);
  });

  it('rests for at most a second', async () => {
    expect(await restsOf({ sumMs: 5_000 })).toEqual([1_000, 1_000, 1_000, 1_000]);
  });

  it('rests in the first half of its time only, and walks to the end of the slice nevertheless', async () => {
    expect(await restsOf({ sumMs: 20, endMs: 1_600 })).toEqual([380, 380]);
    expect(await restsOf({ sumMs: 20, endMs: 1_200 })).toEqual([380, 180]);
    expect(await restsOf({ sumMs: 20, endMs: 0 })).toEqual([]);
  });
});

describe('an adaptive walk', () => {
  /** Over 100,000 rows, in which the source sees so many transactions during each statement of 10 ms. */
  async function walked(transactionsOf: (statement: number) => number) {
    const keys = Array.from({ length: 100_000 }, (_, index) => index + 1);
    const side = () => new InMemoryEmployeeHashes(keys.map((key) => [key, BigInt(key)]));
    const [source, replica] = [side(), side()];
    const clock = new SleeplessClock(7_000);
    const sizes: number[] = [];
    const sumNext = source.sumNext.bind(source);
    source.sumNext = async (after, maxRows) => {
      source.transactions += transactionsOf(sizes.length);
      sizes.push(maxRows);
      clock.nowMs += 10;
      return sumNext(after, maxRows);
    };
    const walk = new KeyWalk({ source, replica, method: 'columns', clock, pace: 'adaptive' });
    expect((await walk.run(null, 100_000, async () => {})).rows).toBe(100_000);
    return { rests: clock.sleeps.length, sizes };
  }

  it('begins with small chunks and never rests while the source is not written to', async () => {
    const { rests, sizes } = await walked(() => 0);
    expect(rests).toBe(0);
    expect(sizes).toEqual([2_000, 2_000, 25_000, 25_000, 25_000, 21_000]);
    expect((await walked((statement) => (statement === 2 ? 1 : 0))).rests).toBe(0);
  });

  it('is gentle while the source is written to', async () => {
    const { rests, sizes } = await walked(() => 5);
    expect(sizes).toEqual(Array(50).fill(2_000));
    // Not yet after the first chunk, whose transactions later ones are compared with.
    expect(rests).toBe(49);
  });

  it('counts the transactions of a chunk that is summed ahead for the time at which the sum arrived', async () => {
    const keys = Array.from({ length: 200_000 }, (_, index) => index + 1);
    const side = () => new InMemoryEmployeeHashes(keys.map((key) => [key, BigInt(key)]));
    const [source, replica] = [side(), side()];
    // In the first large chunk, while whose difference is judged the next one arrives.
    replica.rows.delete(5_000);
    const clock = new SleeplessClock(7_000);
    const sumNext = source.sumNext.bind(source);
    source.sumNext = async (...request) => {
      clock.nowMs += 600;
      // Ten a second, which is not busy.
      source.transactions = Math.floor(clock.nowMs / 100);
      return sumNext(...request);
    };
    const walk = new KeyWalk({ source, replica, method: 'columns', clock, pace: 'adaptive' });
    const judge = async () => {
      clock.nowMs += 30_000;
    };
    expect((await walk.run(null, 200_000, judge)).rows).toBe(200_000);
    expect(clock.sleeps).toEqual([]);
  });

  it('is fast again some seconds after the writers have ended', async () => {
    const { sizes } = await walked((statement) => (statement < 5 ? 5 : 0));
    expect(sizes.slice(2, 6)).toEqual(Array(4).fill(2_000));
    expect(sizes.at(-2)).toBe(25_000);
  });
});
