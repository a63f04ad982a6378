import type { ChangeSource } from '../../functions/ports/change-source.ts';
import type { ChangeSourceSubject } from './change-source-subject.ts';

/** The part of the contract that is about snapshots of the employees, and about what a purge leaves. */
export function describeSnapshotsAndPurge(current: () => ChangeSourceSubject): void {
  let subject: ChangeSourceSubject;
  let source: ChangeSource;
  beforeEach(() => {
    subject = current();
    source = subject.source;
  });

  describe('a snapshot of the employees', () => {
    it('begins an epoch greater than the given one and all before it, and increments the save number', async () => {
      const { saveNumber, systemIdentifier, serverStartedAt } = await source.identify();
      const first = await source.beginSnapshot(0n);
      expect(first).toMatchObject({ saveNumber: saveNumber + 1n, systemIdentifier, serverStartedAt });
      const second = await source.beginSnapshot(0n);
      expect(second.epoch).toBeGreaterThan(first.epoch);
      const given = second.epoch + 10_000_000_000n;
      expect((await source.beginSnapshot(given)).epoch).toBeGreaterThan(given);
      expect((await source.identify()).saveNumber).toBe(saveNumber + 3n);
    });

    it('is read in chunks, ascending by employee', async () => {
      await subject.commit((transaction) => transaction.insertMany(1, source.pageSize + 1));
      const first = await source.readSnapshotChunk(null, null);
      expect(first).toHaveLength(source.pageSize);
      expect([first[0]?.empId, first.at(-1)?.empId]).toEqual([1, source.pageSize]);
      const second = await source.readSnapshotChunk(source.pageSize, null);
      expect(second.map(({ empId }) => empId)).toEqual([source.pageSize + 1]);
      expect(await source.readSnapshotChunk(source.pageSize + 1, null)).toEqual([]);
    });

    it('gives each employee the id of the last change that its image reflects', async () => {
      const since = await subject.snapshotNow();
      await subject.put(1, 10);
      await subject.put(2, 20);
      await subject.put(1, 11);
      const open = await subject.begin();
      await open.put(2, 21);
      const ids = (await subject.changesSince(since)).map(({ changeId }) => changeId);
      expect(await source.readSnapshotChunk(null, null)).toMatchObject([
        { action: 'SNAPSHOT', empId: 1, salary: 11, changeId: ids[2] },
        { action: 'SNAPSHOT', empId: 2, salary: 20, changeId: ids[1] },
      ]);
      await open.rollback();
    });

    it('gives an employee the id 0 when its last change is visible in the snapshot whose ids do not count', async () => {
      await subject.put(1, 10);
      const open = await subject.begin();
      await open.put(2, 20);
      const since = await subject.snapshotNow();
      await open.commit();
      const [later] = await subject.changesSince(since);
      expect(await source.readSnapshotChunk(null, since)).toMatchObject([
        { empId: 1, salary: 10, changeId: '0' },
        { empId: 2, salary: 20, changeId: later?.changeId },
      ]);
    });

    it('gives an employee without a retained change the id 0', async () => {
      await subject.put(1, 10);
      await subject.age(1);
      await source.purge(await subject.snapshotNow(), 0);
      expect(await source.readSnapshotChunk(null, null)).toMatchObject([{ empId: 1, salary: 10, changeId: '0' }]);
    });

    it('is followed by every change that it may lack', async () => {
      const open = await subject.begin();
      await open.put(1, 10);
      const { snapshot } = await source.beginSnapshot(0n);
      await subject.put(2, 20);
      await open.commit();
      expect((await subject.changesSince(snapshot)).map(({ empId }) => empId)).toEqual([1, 2]);
    });
  });

  describe('purge', () => {
    it('deletes changes that are older than the retention, and no others', async () => {
      const before = await subject.snapshotNow();
      await subject.put(1, 10);
      await subject.age(2);
      await subject.put(2, 20);
      await subject.age(1);
      expect(await source.purge(await subject.snapshotNow(), 4)).toBe(0);
      expect(await source.purge(await subject.snapshotNow(), 2)).toBe(1);
      expect((await subject.changesSince(before)).map(({ empId }) => empId)).toEqual([2]);
    });

    it('deletes only changes that are visible in the snapshot, however old the others are', async () => {
      const before = await subject.snapshotNow();
      const open = await subject.begin();
      await open.put(1, 10);
      await subject.put(2, 20);
      const saved = await subject.snapshotNow();
      await open.commit();
      await subject.put(3, 30);
      await subject.age(100);
      expect(await source.purge(saved, 1)).toBe(1);
      expect((await subject.changesSince(before)).map(({ empId }) => empId)).toEqual([1, 3]);
    });

    it('deletes nothing a second time', async () => {
      await subject.put(1, 10);
      await subject.age(2);
      const saved = await subject.snapshotNow();
      expect(await source.purge(saved, 1)).toBe(1);
      expect(await source.purge(saved, 1)).toBe(0);
    });
  });
}
