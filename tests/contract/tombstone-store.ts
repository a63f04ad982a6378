import { change, type EmployeeReplicaUnderTest } from './employee-replica.ts';

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
      expect(await subject.replica.deleteTombstones(21)).toBe(0);
      expect(await subject.replica.deleteTombstones(15)).toBe(1);
      // An old change of employee 2 would now be applied again; those of the others are still stale.
      expect(await apply(change(1, 0), change(2, 1), change(3, 2))).toBe(1);
      expect((await subject.employees()).map(({ empId, salary }) => [empId, salary])).toEqual([
        [1, 1],
        [2, 1],
      ]);
    });
  });
}
