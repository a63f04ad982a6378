import { change, type EmployeeReplicaUnderTest } from './employee-replica.ts';

const DAY_MS = 24 * 60 * 60 * 1_000;

/** The contract of `TombstoneStore`. `make` returns an empty replica. */
export function describeTombstoneStore(name: string, make: () => Promise<EmployeeReplicaUnderTest>): void {
  describe(`${name} as a tombstone store`, () => {
    let subject: EmployeeReplicaUnderTest;
    beforeEach(async () => {
      subject = await make();
    });
    afterEach(() => subject.close());

    const apply = (...changes: readonly ReturnType<typeof change>[]) => subject.replica.applyAtOnce(changes, []);

    it('deletes old tombstones, and nothing else', async () => {
      await apply(change(1, 1), change(2, 2, { action: 'DELETE' }));
      await subject.age(10);
      await apply(change(3, 3, { action: 'DELETE' }));
      await subject.age(10);
      const now = ((await subject.replica.claimCleaning(0)) as Date).getTime();
      const deleteOlderThan = (days: number) => subject.replica.deleteTombstones(new Date(now - days * DAY_MS));
      expect(await deleteOlderThan(21)).toEqual({ deleted: 0, isComplete: true });
      expect(await deleteOlderThan(15)).toEqual({ deleted: 1, isComplete: true });
      // An old change of employee 2 would now be applied again; those of the others are still stale.
      expect(await apply(change(1, 0), change(2, 1), change(3, 2))).toBe(1);
      expect((await subject.employees()).map(({ empId, salary }) => [empId, salary])).toEqual([
        [1, 1],
        [2, 1],
      ]);
    });

    it('gives the cleaning of an hour to one of many callers', async () => {
      const claims = await Promise.all(Array.from({ length: 6 }, () => subject.replica.claimCleaning(31)));
      expect(claims.filter((claim) => claim !== null)).toHaveLength(1);
    });
  });
}
