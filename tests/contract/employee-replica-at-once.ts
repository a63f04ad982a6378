import type { Version } from '../../functions/core/change-version.ts';
import type { EmployeeChange } from '../../functions/core/employee-change.ts';
import type { EmployeeReplica } from '../../functions/ports/employee-replica.ts';
import { change, type EmployeeReplicaUnderTest, version } from './employee-replica.ts';

/** What `EmployeeReplica.applyAtOnce` promises beside the versions. `make` returns an empty replica. */
export function describeEmployeeReplicaAtOnce(name: string, make: () => Promise<EmployeeReplicaUnderTest>): void {
  describe(`${name} that applies a batch at once`, () => {
    let subject: EmployeeReplicaUnderTest;
    let replica: EmployeeReplica;
    beforeEach(async () => {
      subject = await make();
      replica = subject.replica;
    });
    afterEach(() => subject.close());

    const atOnce = (...changes: readonly EmployeeChange[]) => replica.applyAtOnce(changes, []);
    const raiseWatermark = (to: Version) =>
      replica.transaction('exclusive', [], (transaction) => transaction.raiseWatermark(to));
    const content = async () => (await subject.employees()).map(({ empId, salary }) => [empId, salary]);

    it('writes and deletes with one batch, and leaves out what is not newer', async () => {
      await atOnce(change(1, 1), change(2, 9), change(3, 3), change(4, 4));
      expect(await atOnce(change(1, 5, { action: 'DELETE' }), change(2, 8), change(3, 3), change(5, 6))).toBe(2);
      expect(await content()).toEqual([
        [2, 9],
        [3, 3],
        [4, 4],
        [5, 6],
      ]);
    });

    it('deletes nothing for a deletion that is not newer', async () => {
      await atOnce(change(1, 5), change(2, 5));
      expect(await atOnce(change(1, 4, { action: 'DELETE' }), change(2, 6))).toBe(1);
      expect(await content()).toEqual([
        [1, 5],
        [2, 6],
      ]);
    });

    it('leaves out what is at or below the watermark', async () => {
      await raiseWatermark(version(1, 5));
      expect(await atOnce(change(1, 4), change(2, 5), change(3, 6))).toBe(1);
      expect(await atOnce(change(1, 4), change(2, 5))).toBe(0);
      expect(await content()).toEqual([[3, 6]]);
    });

    it('applies nothing of a batch with a change that is refused', async () => {
      await subject.refuseSalary(3);
      expect(await atOnce(change(1, 1), change(3, 3))).toBeUndefined();
      expect(await content()).toEqual([]);
      expect(await atOnce(change(1, 1))).toBe(1);
    });

    it('applies nothing while a sweep is pending', async () => {
      for (let empId = 1; empId <= 50; empId += 1) await subject.insertWithoutVersion(empId);
      await raiseWatermark(version(1, 5));
      expect(await atOnce(change(99, 9))).toBeUndefined();
      expect((await content()).at(-1)?.[0]).toBe(50);
      while ((await replica.sweep()).isPending);
      expect(await atOnce(change(99, 9))).toBe(1);
    });

    it('waits for a transaction that changes the same employee, and sees what that one committed', async () => {
      const [hasApplied, mayCommit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
      const first = replica.transaction('shared', [], async (transaction) => {
        await transaction.apply([change(1, 5, { action: 'DELETE' }), change(2, 5)]);
        hasApplied.resolve();
        await mayCommit.promise;
      });
      await hasApplied.promise;
      const second = atOnce(change(1, 6), change(2, 4));
      await subject.untilLockWaited();
      mayCommit.resolve();
      await first;
      expect(await second).toBe(1);
      expect(await content()).toEqual([
        [1, 6],
        [2, 5],
      ]);
    });
  });
}
