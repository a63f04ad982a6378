import type { Version } from '../../functions/core/change-version.ts';
import type { EmployeeChange } from '../../functions/core/employee-change.ts';
import type {
  EmployeeReplica,
  EmployeeReplicaTransaction,
  RefusedChange,
} from '../../functions/ports/employee-replica.ts';
import { change, type EmployeeReplicaUnderTest, version } from './employee-replica.ts';

/** The replica under test deletes at most this many employees in one step. */
export const SWEEP_STEP_ROWS = 20;

/** What `EmployeeReplica` promises about refused changes and about sweeps. `make` returns an empty replica. */
export function describeEmployeeReplicaRefusals(name: string, make: () => Promise<EmployeeReplicaUnderTest>): void {
  describe(`${name} as an employee replica with refusals and sweeps`, () => {
    let subject: EmployeeReplicaUnderTest;
    let replica: EmployeeReplica;
    beforeEach(async () => {
      subject = await make();
      replica = subject.replica;
    });
    afterEach(() => subject.close());

    const shared = <Result>(work: (transaction: EmployeeReplicaTransaction) => Promise<Result>) =>
      replica.transaction('shared', [], work);
    const apply = (...changes: readonly EmployeeChange[]) => shared((transaction) => transaction.apply(changes));
    const raiseWatermark = (to: Version) =>
      replica.transaction('exclusive', [], (transaction) => transaction.raiseWatermark(to));
    /** Employee and salary, so employee and change id. */
    const content = async () => (await subject.employees()).map(({ empId, salary }) => [empId, salary]);

    describe('judgeRefused', () => {
      /** As the use case does with a batch that was refused as a whole. */
      const isolate = (...changes: readonly EmployeeChange[]) =>
        shared(async (transaction) => {
          const refused: RefusedChange[] = [];
          for (const each of changes) {
            await transaction
              .withSavepoint(() => transaction.apply([each]))
              .catch((error: unknown) => refused.push({ change: each, error }));
          }
          await transaction.judgeRefused(refused);
          return refused.length;
        });
      const unfit = { code: 'PIPE_TARGET_SCHEMA', retry: 'manual' };

      it('finds the change at fault when others are accepted, also when the batch is repeated', async () => {
        await subject.refuseSalary(3);
        expect(await isolate(change(1, 1), change(3, 3))).toBe(1);
        expect(await isolate(change(1, 1), change(3, 3))).toBe(1);
      });

      it('finds the schema at fault while nothing is known to be accepted, and applies nothing', async () => {
        await subject.refuseSalary(3);
        await expect(isolate(change(3, 3))).rejects.toMatchObject(unfit);
        await expect(isolate(change(4, 2, { action: 'DELETE' }), change(3, 3))).rejects.toMatchObject(unfit);
        expect(await content()).toEqual([]);
      });

      it('finds the change at fault once another batch was accepted', async () => {
        await subject.refuseSalary(3);
        await expect(isolate(change(3, 3))).rejects.toMatchObject(unfit);
        await apply(change(1, 1));
        await apply(change(1, 2, { action: 'DELETE' }));
        expect(await isolate(change(3, 3))).toBe(1);
      });

      it('finds the schema at fault when more than twenty are refused, and more than a tenth of the table', async () => {
        await apply(...Array.from({ length: 100 }, (_, index) => change(index + 1, 1)));
        await subject.refuseSalary(3);
        for (let empId = 1; empId <= 20; empId += 1) expect(await isolate(change(empId, 3))).toBe(1);
        expect(await isolate(change(20, 3))).toBe(1);
        await expect(isolate(change(21, 3))).rejects.toMatchObject(unfit);
        await apply(change(22, 4));
        expect(await isolate(change(21, 3))).toBe(1);
      });
    });

    describe('a sweep', () => {
      const state = () => shared(async (transaction) => transaction.sweep);
      const fill = (count: number) => apply(...Array.from({ length: count }, (_, index) => change(index + 1, 1)));

      it('deletes a few employees together with the watermark', async () => {
        await fill(3);
        await raiseWatermark(version(1, 5));
        expect(await state()).toEqual({ isPending: false, refusal: null });
        expect(await content()).toEqual([]);
      });

      it('deletes many in steps, which any caller makes, and keeps what is written in between', async () => {
        await fill(SWEEP_STEP_ROWS + 1);
        await raiseWatermark(version(1, 5));
        expect(await state()).toEqual({ isPending: true, refusal: null });
        expect((await content()).length).toBeGreaterThan(0);
        await apply(change(SWEEP_STEP_ROWS + 1, 6), change(1, 7));
        await raiseWatermark(version(1, 5));
        for (let steps = 0; (await state()).isPending; steps += 1) {
          expect(steps).toBeLessThan(10);
          await replica.sweep();
        }
        expect(await content()).toEqual([
          [1, 7],
          [SWEEP_STEP_ROWS + 1, 6],
        ]);
      });

      it('does nothing when none is pending', async () => {
        await apply(change(1, 1));
        expect(await replica.sweep()).toEqual({ isPending: false, refusal: null });
        expect(await content()).toEqual([[1, 1]]);
      });
    });
  });
}
