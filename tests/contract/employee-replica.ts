import type { Version } from '../../functions/core/change-version.ts';
import { classifyError } from '../../functions/core/classify-error.ts';
import type { Employee, EmployeeChange } from '../../functions/core/employee-change.ts';
import type { EmployeeReplica, EmployeeReplicaTransaction } from '../../functions/ports/employee-replica.ts';
import type { TombstoneStore } from '../../functions/ports/tombstone-store.ts';

export interface EmployeeReplicaUnderTest {
  readonly replica: EmployeeReplica & TombstoneStore;
  /** The committed employees, ascending by key. */
  employees(): Promise<readonly Employee[]>;
  insertWithoutVersion(empId: number): Promise<void>;
  /** From now on the replica refuses employees with this salary. */
  refuseSalary(salary: number): Promise<void>;
  /** Makes all versions older by this many days. */
  age(days: number): Promise<void>;
  /** Resolves when a transaction waits for a lock. */
  untilLockWaited(): Promise<void>;
  close(): Promise<void>;
}

export const version = (epoch: number, changeId: number): Version => ({
  epoch: BigInt(epoch),
  changeId: BigInt(changeId),
});

/** Each image has its change id as the salary. */
export const change = (
  empId: number,
  changeId: number,
  { epoch = 1, action = 'UPDATE' as EmployeeChange['action'] } = {},
): EmployeeChange => ({
  ...version(epoch, changeId),
  action,
  employee: { empId, firstName: 'Zoë "', lastName: null, dob: '4713-01-01 BC', city: '', salary: changeId },
});

/** The contract of `EmployeeReplica`. `make` returns an empty replica. */
export function describeEmployeeReplica(name: string, make: () => Promise<EmployeeReplicaUnderTest>): void {
  describe(`${name} as an employee replica`, () => {
    let subject: EmployeeReplicaUnderTest;
    let replica: EmployeeReplica;
    beforeEach(async () => {
      subject = await make();
      replica = subject.replica;
    });
    afterEach(() => subject.close());

    const shared = <Result>(work: (transaction: EmployeeReplicaTransaction) => Promise<Result>) =>
      replica.transaction('shared', [], work);
    const exclusive = <Result>(work: (transaction: EmployeeReplicaTransaction) => Promise<Result>) =>
      replica.transaction('exclusive', [], work);
    const apply = (...changes: readonly EmployeeChange[]) => shared((transaction) => transaction.apply(changes));
    const raiseWatermark = (to: Version) => exclusive((transaction) => transaction.raiseWatermark(to));
    /** Employee and salary, so employee and change id. */
    const content = async () => (await subject.employees()).map(({ empId, salary }) => [empId, salary]);

    const atOnce = (...changes: readonly EmployeeChange[]) => replica.applyAtOnce(changes, []);

    describe.each([
      ['apply', apply],
      ['applyAtOnce', atOnce],
    ])('%s', (_, apply) => {
      it('writes every value as it is', async () => {
        expect(
          await apply(change(1, 4, { action: 'SNAPSHOT' }), change(2, 5), change(3, 6, { action: 'INSERT' })),
        ).toBe(3);
        expect(await subject.employees()).toEqual(
          [1, 2, 3].map((empId) => change(empId, empId === 1 ? 4 : empId + 3).employee),
        );
      });

      it('applies only what is newer than the last change of its employee, deletions included', async () => {
        expect(await apply(change(1, 5), change(2, 6))).toBe(2);
        expect(await apply(change(1, 4), change(2, 7, { action: 'DELETE' }))).toBe(1);
        expect(await apply(change(1, 5), change(2, 6))).toBe(0);
        expect(await content()).toEqual([[1, 5]]);
      });

      it('compares epochs before change ids', async () => {
        await apply(change(1, 5, { epoch: 2 }));
        expect(await apply(change(1, 9, { epoch: 1 }))).toBe(0);
        expect(await apply(change(1, 1, { epoch: 3 }))).toBe(1);
        expect(await content()).toEqual([[1, 1]]);
      });

      it('remembers the deletion of an employee that it does not have', async () => {
        expect(await apply(change(1, 5, { action: 'DELETE' }))).toBe(1);
        expect(await apply(change(1, 4))).toBe(0);
        expect(await content()).toEqual([]);
      });

      it('inserts a deleted employee again with a newer change', async () => {
        await apply(change(1, 5, { action: 'DELETE' }));
        expect(await apply(change(1, 6, { action: 'INSERT' }))).toBe(1);
        expect(await content()).toEqual([[1, 6]]);
      });

      it('treats an employee without a version as older than every change', async () => {
        await subject.insertWithoutVersion(1);
        expect(await apply(change(1, 0, { epoch: 0 }))).toBe(1);
      });
    });

    describe('a transaction', () => {
      it('has no effect when its work fails', async () => {
        await apply(change(1, 1));
        const failing = shared(async (transaction) => {
          await transaction.apply([change(1, 2), change(2, 2)]);
          throw new Error('failed');
        });
        await expect(failing).rejects.toThrow('failed');
        expect(await content()).toEqual([[1, 1]]);
        expect(await apply(change(1, 2))).toBe(1);
      });

      it('fails permanently when the replica refuses a change', async () => {
        await subject.refuseSalary(2);
        const error = await apply(change(1, 1), change(2, 2)).catch((reason: unknown) => reason);
        expect(classifyError(error)).toBe('permanent');
        expect(await content()).toEqual([]);
      });

      it('continues after a savepoint whose work is refused, without that work', async () => {
        await subject.refuseSalary(3);
        await shared(async (transaction) => {
          await transaction.apply([change(1, 1)]);
          expect(await transaction.withSavepoint(() => transaction.apply([change(2, 2)]))).toBe(1);
          const refused = transaction.withSavepoint(() => transaction.apply([change(1, 2), change(3, 3)]));
          await expect(refused).rejects.toMatchObject({ code: '23514' });
          expect(await transaction.withSavepoint(() => transaction.apply([change(3, 2)]))).toBe(1);
        });
        expect(await content()).toEqual([
          [1, 1],
          [2, 2],
          [3, 2],
        ]);
      });

      it('that ends after its successor changes nothing that the successor applied', async () => {
        const [hasBegun, mayApply] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        const late = shared(async (transaction) => {
          hasBegun.resolve();
          await mayApply.promise;
          return transaction.apply([change(1, 1), change(2, 2)]);
        });
        await hasBegun.promise;
        expect(await apply(change(1, 11), change(2, 12))).toBe(2);
        mayApply.resolve();
        expect(await late).toBe(0);
        expect(await content()).toEqual([
          [1, 11],
          [2, 12],
        ]);
      });

      it('waits for another one that changes the same employee, and sees what that one committed', async () => {
        const [hasApplied, mayCommit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        const first = shared(async (transaction) => {
          await transaction.apply([change(1, 5)]);
          hasApplied.resolve();
          await mayCommit.promise;
        });
        await hasApplied.promise;
        const second = apply(change(1, 4));
        await subject.untilLockWaited();
        mayCommit.resolve();
        await first;
        expect(await second).toBe(0);
        expect(await content()).toEqual([[1, 5]]);
      });

      it('waits while another one has the exclusive lock, and sees the watermark that it committed', async () => {
        const [hasLock, mayCommit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        const raising = exclusive(async (transaction) => {
          hasLock.resolve();
          await mayCommit.promise;
          await transaction.raiseWatermark(version(1, 5));
        });
        await hasLock.promise;
        const waiting = shared(async ({ watermark }) => watermark);
        await subject.untilLockWaited();
        mayCommit.resolve();
        await raising;
        expect(await waiting).toEqual(version(1, 5));
      });

      it('waits for the exclusive lock until all others have ended', async () => {
        const [hasBegun, mayCommit] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
        const running = shared(async (transaction) => {
          hasBegun.resolve();
          await mayCommit.promise;
          await transaction.apply([change(1, 1)]);
        });
        await hasBegun.promise;
        const raising = raiseWatermark(version(1, 5));
        await subject.untilLockWaited();
        mayCommit.resolve();
        await Promise.all([running, raising]);
        expect(await content()).toEqual([]);
      });
    });

    describe('the watermark', () => {
      it('is below every version at first', async () => {
        const { epoch } = await shared(async ({ watermark }) => watermark);
        expect(epoch).toBeLessThan(1n);
      });

      it('removes what is at or below it when it is raised, and what has no version', async () => {
        await subject.insertWithoutVersion(9);
        await apply(change(1, 4), change(2, 5), change(3, 6), change(4, 1, { epoch: 2 }));
        await raiseWatermark(version(1, 5));
        expect(await content()).toEqual([
          [3, 6],
          [4, 1],
        ]);
        expect(await shared(async ({ watermark }) => watermark)).toEqual(version(1, 5));
      });

      it('never falls', async () => {
        await raiseWatermark(version(2, 5));
        await raiseWatermark(version(2, 4));
        await raiseWatermark(version(1, 9));
        expect(await shared(async ({ watermark }) => watermark)).toEqual(version(2, 5));
      });
    });

    describe('the end of a snapshot', () => {
      const end = (epoch: number, partition: number, partitionCount: number) =>
        exclusive((transaction) => transaction.recordSnapshotEnd(BigInt(epoch), partition, partitionCount));
      const retain = (...empIds: readonly number[]) =>
        shared((transaction) => transaction.retainThroughSnapshot(empIds.map((empId) => ({ empId, epoch: 2n }))));

      it('is complete when every partition has ended, whatever their order and however often', async () => {
        expect(await end(1, 2, 3)).toBe(false);
        expect(await end(1, 0, 3)).toBe(false);
        expect(await end(1, 0, 3)).toBe(false);
        expect(await end(1, 1, 3)).toBe(true);
        expect(await end(1, 1, 3)).toBe(true);
      });

      it('counts each snapshot by itself, and only partitions below their number', async () => {
        expect(await end(1, 0, 2)).toBe(false);
        expect(await end(2, 1, 2)).toBe(false);
        expect(await end(2, 5, 2)).toBe(false);
        expect(await end(2, 0, 2)).toBe(true);
      });

      it('is forgotten when the watermark reaches the epoch', async () => {
        await end(1, 0, 2);
        await raiseWatermark(version(1, 0));
        expect(await end(1, 1, 2)).toBe(false);
      });

      it('keeps retained employees as they are', async () => {
        await subject.insertWithoutVersion(9);
        const before = (await subject.employees()).find(({ empId }) => empId === 9);
        await apply(change(1, 4), change(2, 5));
        await retain(1, 9);
        await raiseWatermark({ epoch: 1n, changeId: 1_000n });
        expect(await content()).toEqual([
          [1, 4],
          [9, before?.salary],
        ]);
      });

      it('does not retain an employee that the replica does not have', async () => {
        await retain(1);
        expect(await content()).toEqual([]);
        expect(await apply(change(1, 9, { epoch: 1 }))).toBe(1);
      });

      it('lets every change of the epoch replace a retained employee, and no older one', async () => {
        await apply(change(1, 4), change(2, 4));
        await retain(1, 2);
        expect(await apply(change(1, 9, { epoch: 1 }), change(2, 9, { epoch: 1 }))).toBe(0);
        expect(await apply(change(1, 0, { epoch: 2, action: 'SNAPSHOT' }))).toBe(1);
      });

      it('does not lower the version of a newer employee that is retained', async () => {
        await apply(change(1, 4, { epoch: 2 }));
        await retain(1);
        expect(await apply(change(1, 4, { epoch: 2 }))).toBe(0);
      });
    });
  });
}
