import type { EmployeeHashes, HashMethod } from '../../functions/ports/employee-hashes.ts';

export interface EmployeeHashesUnderTest {
  readonly hashes: EmployeeHashes;
  /** Replaces all rows by rows with these keys. Rows with the same key are equal in every test. */
  setKeys(keys: readonly number[]): Promise<void>;
  close(): Promise<void>;
}

const LEAST = -2_147_483_648;
const GREATEST = 2_147_483_647;

/** The contract of `EmployeeHashes`. */
export function describeEmployeeHashes(name: string, make: () => Promise<EmployeeHashesUnderTest>): void {
  describe.each<HashMethod>(['columns', 'md5'])(`${name} as hashes of employees by %s`, (method) => {
    let subject: EmployeeHashesUnderTest;
    beforeAll(async () => {
      subject = await make();
    });
    afterAll(() => subject.close());

    const hashesOf = (after: number | null, until: number | null, maxRows = 100) =>
      subject.hashes.readHashes({ after, until }, maxRows, method);
    const sumOf = (hashes: ReadonlyMap<number, string>) =>
      String([...hashes.values()].reduce((sum, hash) => sum + BigInt(hash), 0n));

    it('sum what they return key by key, in half-open ranges with open ends', async () => {
      await subject.setKeys([LEAST, -3, 0, 5, 6, 900, GREATEST]);
      const all = await hashesOf(null, null);
      expect([...all.keys()]).toEqual([LEAST, -3, 0, 5, 6, 900, GREATEST]);
      expect(new Set(all.values()).size).toBe(7);
      expect(await subject.hashes.sumRange({ after: null, until: null }, method)).toEqual({
        count: 7,
        sum: sumOf(all),
      });
      expect([...(await hashesOf(0, 6)).keys()]).toEqual([5, 6]);
      const part = await hashesOf(-3, 6);
      expect(await subject.hashes.sumRange({ after: -3, until: 6 }, method)).toEqual({ count: 3, sum: sumOf(part) });
      expect(await subject.hashes.sumRange({ after: GREATEST, until: null }, method)).toEqual({ count: 0, sum: '0' });
    });

    it('return the next rows after a key, and no more than wanted', async () => {
      await subject.setKeys([1, 4, 9, 16]);
      expect(await subject.hashes.sumNext(null, 3, method)).toMatchObject({
        ...{ first: 1, last: 9, count: 3 },
        sum: sumOf(await hashesOf(null, 9)),
      });
      expect(await subject.hashes.sumNext(9, 3, method)).toMatchObject({ first: 16, last: 16, count: 1 });
      expect(await subject.hashes.sumNext(16, 3, method)).toMatchObject({
        first: null,
        last: null,
        count: 0,
        sum: '0',
      });
      expect([...(await hashesOf(1, null, 2)).keys()]).toEqual([4, 9]);
    });

    it('count the transactions that write, also when there is no row', async () => {
      const { transactions: before } = await subject.hashes.sumNext(null, 3, method);
      for (const keys of [[1], [2], []]) await subject.setKeys(keys);
      expect((await subject.hashes.sumNext(null, 3, method)).transactions).toBeGreaterThanOrEqual(before + 3);
    });

    it('divide a range into parts, of which the first and the last one are open', async () => {
      await subject.setKeys([-7, 10, 14, 15, 19, 20, 500]);
      const parts = await subject.hashes.sumParts(
        { after: null, until: null },
        { first: 10, width: 5, count: 3 },
        method,
      );
      expect([...parts].sort(([a], [b]) => a - b).map(([part, { count }]) => [part, count])).toEqual([
        [0, 3],
        [1, 2],
        [2, 2],
      ]);
      expect(parts.get(1)?.sum).toBe(sumOf(await hashesOf(14, 19)));
    });

    it('estimate the number of rows, exactly when there are few', async () => {
      await subject.setKeys([1, 2, 3]);
      expect(await subject.hashes.estimateRowCount()).toBe(3);
      expect((await subject.hashes.inspect()).majorVersion).toBeGreaterThan(0);
    });
  });
}
