import type { CapturedChange } from '../../functions/core/employee-change.ts';
import type { ChangeSource } from '../../functions/ports/change-source.ts';
import type { ChangeSourceSubject } from './change-source-subject.ts';

const summary = ({ action, empId, salary }: CapturedChange) => [action, empId, salary];

/** The part of the contract that is about changes. */
export function describeDifferences(current: () => ChangeSourceSubject): void {
  let subject: ChangeSourceSubject;
  let source: ChangeSource;
  beforeEach(() => {
    subject = current();
    source = subject.source;
  });

  describe('readDifference', () => {
    it('returns no changes when there are none, and a snapshot from which to continue', async () => {
      const identity = await source.identify();
      const { changes, snapshot, saveNumber, serverStartedAt } = await source.readDifference(
        await subject.snapshotNow(),
      );
      expect(changes).toEqual([]);
      expect({ saveNumber, serverStartedAt }).toEqual({
        saveNumber: identity.saveNumber + 1n,
        serverStartedAt: identity.serverStartedAt,
      });
      await subject.put(1, 1);
      expect(await subject.changesSince(snapshot)).toHaveLength(1);
    });

    it('returns each change with its image, ascending by change id', async () => {
      const since = await subject.snapshotNow();
      await subject.put(1, 10);
      await subject.put(2, 20);
      await subject.put(1, 11);
      await subject.commit((transaction) => transaction.delete(2));
      const changes = await subject.changesSince(since);
      expect(changes.map(summary)).toEqual([
        ['INSERT', 1, 10],
        ['INSERT', 2, 20],
        ['UPDATE', 1, 11],
        ['DELETE', 2, 20],
      ]);
      const ids = changes.map(({ changeId }) => BigInt(changeId));
      expect(ids).toEqual(ids.toSorted((a, b) => Number(a - b)));
      expect(new Set(ids).size).toBe(4);
      for (const { changedAt } of changes) expect(changedAt).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?\+00$/);
    });

    it('returns a truncate as a change without an employee', async () => {
      await subject.put(1, 10);
      const since = await subject.snapshotNow();
      await subject.commit((transaction) => transaction.truncate());
      expect((await subject.changesSince(since)).map(summary)).toEqual([['TRUNCATE', null, null]]);
    });

    it('returns all statements of a transaction, and none before it commits', async () => {
      const since = await subject.snapshotNow();
      const open = await subject.begin();
      await open.put(1, 10);
      await open.put(1, 11);
      await open.delete(1);
      expect(await subject.changesSince(since)).toEqual([]);
      await open.commit();
      expect((await subject.changesSince(since)).map(summary)).toEqual([
        ['INSERT', 1, 10],
        ['UPDATE', 1, 11],
        ['DELETE', 1, 11],
      ]);
    });

    it('never returns a change that is rolled back', async () => {
      const since = await subject.snapshotNow();
      const open = await subject.begin();
      await open.put(1, 10);
      await open.rollback();
      await subject.put(2, 20);
      expect((await subject.changesSince(since)).map(summary)).toEqual([['INSERT', 2, 20]]);
    });

    it('returns every change in exactly one difference of a chain, however late it commits', async () => {
      let since = await subject.snapshotNow();
      const chain: (readonly CapturedChange[])[] = [];
      const readNext = async () => {
        const { changes, snapshot } = await source.readDifference(since);
        since = snapshot;
        chain.push(changes ?? []);
      };
      const early = await subject.begin();
      await early.put(1, 10);
      const late = await subject.begin();
      await late.put(2, 20);
      await subject.put(3, 30);
      await readNext();
      await early.commit();
      await readNext();
      await subject.put(4, 40);
      await readNext();
      await late.commit();
      await readNext();
      await readNext();
      expect(chain.map((changes) => changes.map(({ empId }) => empId))).toEqual([[3], [1], [4], [2], []]);
      expect(BigInt(chain[3]?.[0]?.changeId ?? '')).toBeLessThan(BigInt(chain[0]?.[0]?.changeId ?? ''));
    });
  });

  describe('the last given id', () => {
    it('is null before the first change, and that of the last change afterwards, also of one that is not committed', async () => {
      const since = await subject.snapshotNow();
      expect((await source.readDifference(since)).lastGivenId).toBeNull();
      expect(await source.lastGivenId()).toBeNull();
      await subject.put(1, 10);
      const { changes, lastGivenId } = await source.readDifference(since);
      expect(lastGivenId).toBe(changes?.[0]?.changeId);
      expect(await source.lastGivenId()).toBe(lastGivenId);
      const open = await subject.begin();
      await open.put(2, 20);
      expect(BigInt((await source.readDifference(since)).lastGivenId ?? 0)).toBe(BigInt(lastGivenId ?? 0) + 1n);
      await open.rollback();
    });
  });

  describe('a difference that is larger than a page', () => {
    async function readAllPages(since: string, until: string): Promise<(readonly CapturedChange[])[]> {
      const range = await source.measureDifference(since, until);
      if (range === null) throw new Error('expected a range of changes');
      const pages: (readonly CapturedChange[])[] = [];
      let after = String(BigInt(range.first) - 1n);
      for (;;) {
        const page = await source.readPage(since, until, after, range.last);
        pages.push(page);
        if (page.length < source.pageSize) return pages;
        after = page.at(-1)?.changeId ?? '';
      }
    }

    it('is returned page by page, each change once and in order', async () => {
      const since = await subject.snapshotNow();
      const count = 2 * source.pageSize + 1;
      await subject.commit((transaction) => transaction.insertMany(1, count));
      const { changes, snapshot } = await source.readDifference(since);
      expect(changes).toBeNull();
      const pages = await readAllPages(since, snapshot);
      expect(pages.map(({ length }) => length)).toEqual([source.pageSize, source.pageSize, 1]);
      expect(pages.flat().map(({ empId }) => empId)).toEqual(Array.from({ length: count }, (_, index) => index + 1));
    });

    it('fits into one read when it has exactly the size of a page', async () => {
      const since = await subject.snapshotNow();
      await subject.commit((transaction) => transaction.insertMany(1, source.pageSize));
      expect(await subject.changesSince(since)).toHaveLength(source.pageSize);
    });

    it('holds no change that was committed after it was measured, or before it began', async () => {
      await subject.put(1_000_001, 1);
      const since = await subject.snapshotNow();
      const open = await subject.begin();
      await open.put(1_000_002, 2);
      await subject.commit((transaction) => transaction.insertMany(1, source.pageSize + 1));
      const { snapshot } = await source.readDifference(since);
      await open.commit();
      await subject.put(1_000_003, 3);
      const empIds = (await readAllPages(since, snapshot)).flat().map(({ empId }) => empId);
      expect(empIds).toEqual(Array.from({ length: source.pageSize + 1 }, (_, index) => index + 1));
      expect((await subject.changesSince(snapshot)).map(({ empId }) => empId)).toEqual([1_000_002, 1_000_003]);
    });

    it('has the range of its first and last change', async () => {
      await subject.put(1, 1);
      const since = await subject.snapshotNow();
      await subject.put(2, 2);
      await subject.put(3, 3);
      const until = await subject.snapshotNow();
      await subject.put(4, 4);
      const [first, last] = (await subject.changesSince(since)).map(({ changeId }) => changeId);
      expect(await source.measureDifference(since, until)).toMatchObject({ first, last });
    });

    it('has no range when nothing changed', async () => {
      const since = await subject.snapshotNow();
      expect(await source.measureDifference(since, await subject.snapshotNow())).toBeNull();
    });
  });
}
