import type { EmployeeHashes } from '../../../functions/ports/employee-hashes.ts';
import { KeyWalk } from '../../../functions/verify-replica/key-walk.ts';
import { InMemoryEmployeeHashes } from '../../support/in-memory-employee-hashes.ts';

const keysUpTo = (count: number, step = 1) => Array.from({ length: count }, (_, index) => (index + 1) * step);

/** Both sides with the same rows, and what is asked of each. */
function createRig(keys: readonly number[], chunkRows = 2_000) {
  const side = () => new InMemoryEmployeeHashes(keys.map((key) => [key, BigInt(key)]));
  const [source, replica] = [side(), side()];
  const calls: string[] = [];
  const note = (name: string, hashes: EmployeeHashes) => {
    const { sumNext, sumRange, sumParts, readHashes } = hashes;
    hashes.sumNext = (after, max, method) => {
      calls.push(`${name} sums ${max} after ${after}`);
      return sumNext.call(hashes, after, max, method);
    };
    hashes.sumRange = (range, method) => {
      calls.push(`${name} sums ${range.after}-${range.until}`);
      return sumRange.call(hashes, range, method);
    };
    hashes.sumParts = (range, division, method) => {
      calls.push(`${name} sums ${division.count} parts of ${division.width} from ${division.first}`);
      return sumParts.call(hashes, range, division, method);
    };
    hashes.readHashes = (range, max, method) => {
      calls.push(`${name} reads ${range.after}-${range.until}`);
      return readHashes.call(hashes, range, max, method);
    };
  };
  note('source', source);
  note('replica', replica);
  const clock = { monotonicMs: () => 0, sleep: async () => {} };
  const keyWalk = new KeyWalk({ source, replica, method: 'columns', clock, pace: 'full', chunkRows });
  const found: number[] = [];
  const batches: number[] = [];
  const run = async (after: number | null = null, maxRows: number | null = null, isContinued = false) => {
    calls.length = 0;
    found.length = 0;
    const note = async (empIds: readonly number[]) => {
      batches.push(empIds.length);
      found.push(...empIds);
    };
    return keyWalk.run(after, maxRows, note, { isContinued });
  };
  return { source, replica, calls, found, batches, run };
}

describe('a walk reads', () => {
  it('only two sums of a chunk that agrees', async () => {
    const { run, calls, batches } = createRig(keysUpTo(4_500));
    expect(await run()).toEqual({ rows: 4_500, ranges: 3, until: null });
    expect(calls).toEqual([
      ...['source sums 2000 after null', 'source sums 2000 after 2000', 'replica sums null-2000'],
      ...['source sums 2000 after 4000', 'replica sums 2000-4000', 'replica sums 4000-null'],
    ]);
    expect(batches).toEqual([]);
  });

  it('nothing ahead of the end of a slice that another invocation continues', async () => {
    const { run, calls } = createRig(keysUpTo(4_500));
    expect(await run(null, 3_000)).toEqual({ rows: 3_000, ranges: 2, until: 3_000 });
    expect(calls).toEqual([
      ...['source sums 2000 after null', 'source sums 1000 after 2000', 'replica sums null-2000'],
      'replica sums 2000-3000',
    ]);
  });

  it('again when what was read ahead is not what is needed', async () => {
    const { run, calls } = createRig(keysUpTo(4_500));
    await run(null, 2_000, true);
    await run(2_000, 1_000);
    expect(calls).toEqual(['source sums 1000 after 2000', 'replica sums 2000-3000']);
    await run(null, 2_000, true);
    await run(7, 2_000);
    expect(calls[0]).toBe('source sums 2000 after 7');
  });

  it('nothing ahead of the last key', async () => {
    const { run, calls } = createRig(keysUpTo(1_000));
    expect(await run(null, 2_000, true)).toMatchObject({ rows: 1_000, until: null });
    expect(calls).toEqual(['source sums 2000 after null', 'replica sums null-null']);
  });

  it('the rows of the part that differs, and not of the others', async () => {
    const { run, calls, found, replica } = createRig(keysUpTo(2_000));
    replica.rows.set(700, 1n);
    expect(await run(null, 2_000)).toEqual({ rows: 2_000, ranges: 5, until: 2_000 });
    expect(found).toEqual([700]);
    expect(calls.slice(2)).toEqual([
      ...['source', 'replica'].map((side) => `${side} sums 4 parts of 500 from 1`),
      ...['source', 'replica'].map((side) => `${side} reads 500-1000`),
    ]);
  });

  it('parts beside each other at once, and the outer ones to the ends of the chunk', async () => {
    const { run, calls, found, replica } = createRig(keysUpTo(2_000, 10));
    for (const key of [10, 5_010, 20_000]) replica.rows.delete(key);
    await run();
    expect(found).toEqual([10, 5_010, 20_000]);
    expect(calls.filter((call) => call.startsWith('source reads'))).toEqual([
      ...['source reads null-10005', 'source reads 15003-20000'],
    ]);
    expect(calls.at(-1)).toBe('replica sums 20000-null');
  });

  it('a small chunk at once', async () => {
    const { run, calls, replica } = createRig(keysUpTo(500));
    replica.rows.delete(7);
    await run(null, 500);
    expect(calls.slice(1)).toEqual(['replica sums null-500', 'source reads null-500', 'replica reads null-500']);
    const larger = createRig(keysUpTo(501));
    larger.replica.rows.delete(7);
    await larger.run(null, 501);
    expect(larger.calls).toContain('source sums 2 parts of 251 from 1');
  });

  it('a chunk that only the replica has', async () => {
    const { run, calls, found, source } = createRig(keysUpTo(3));
    source.rows.clear();
    expect(await run()).toEqual({ rows: 0, ranges: 1, until: null });
    expect(found).toEqual([1, 2, 3]);
    expect(calls.slice(2)).toEqual(['source reads null-null', 'replica reads null-null']);
  });
});

it('tells rows apart whose sums are equal, by their number', async () => {
  const { run, found, replica } = createRig(keysUpTo(1_200));
  replica.rows.delete(5);
  replica.rows.set(6, 11n);
  await run();
  expect(found).toEqual([5, 6]);
});

it('judges only keys up to which both sides are read, in reads of 5,000', async () => {
  const { run, found, batches, replica } = createRig(keysUpTo(400));
  // The replica has many keys between those of the source, so that its reads end far before them.
  for (let key = 1_000; key < 13_000; key += 1) replica.rows.set(key, 1n);
  await run();
  expect(found).toEqual(Array.from({ length: 12_000 }, (_, index) => 1_000 + index));
  expect(batches).toEqual([4_600, 5_000, 2_400]);
  const empty = createRig(keysUpTo(5_400), 6_000);
  empty.replica.rows.clear();
  for (let key = 5_001; key <= 5_400; key += 1) empty.replica.rows.set(key, BigInt(key));
  await empty.run();
  expect(empty.found).toEqual(keysUpTo(5_000));
});
