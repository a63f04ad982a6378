import { KeyWalk } from '../../../functions/verify-replica/key-walk.ts';
import { InMemoryEmployeeHashes } from '../../support/in-memory-employee-hashes.ts';
import { SleeplessClock } from '../../support/sleepless-clock.ts';

/** A paced walk over four chunks. What a sum and a judgement take is up to the test. */
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
  const walk = new KeyWalk({ source, replica, method: 'columns', clock, isPaced: true, chunkRows: 10 });
  const judge = async () => {
    clock.nowMs += judgeMs;
  };
  const { rows } = await walk.run(null, 40, judge, endMs === undefined ? {} : { endMs: 7_000 + endMs });
  expect(rows).toBe(40);
  return clock.sleeps;
}

describe('a paced walk', () => {
  it('does not rest for the time in which changes on their way are waited for', async () => {
    expect(await restsOf({ sumMs: 10, judgeMs: 30_000 })).toEqual([40, 40, 40, 40]);
  });

  it('rests for at most a second', async () => {
    expect(await restsOf({ sumMs: 5_000 })).toEqual([1_000, 1_000, 1_000, 1_000]);
  });

  it('rests in the first half of its time only, and walks to the end of the slice nevertheless', async () => {
    expect(await restsOf({ sumMs: 100, endMs: 2_000 })).toEqual([400, 400]);
    expect(await restsOf({ sumMs: 100, endMs: 1_600 })).toEqual([400, 200]);
    expect(await restsOf({ sumMs: 100, endMs: 0 })).toEqual([]);
  });
});
