import type { EmployeeRepair } from '../../../functions/ports/employee-repair.ts';
import { ReplicaRepairer } from '../../../functions/verify-replica/replica-repairer.ts';
import { SleeplessClock } from '../../support/sleepless-clock.ts';

function createRig(perSecond: number | null = null) {
  const clock = new SleeplessClock(7_000);
  const calls: (readonly [string, readonly number[]])[] = [];
  let changeId = 0n;
  const publish = (what: string) => async (empIds: readonly number[]) => {
    calls.push([what, empIds]);
    // One row is being written by another transaction, so that its change is on its way.
    const count = empIds.includes(99) ? empIds.length - 1 : empIds.length;
    changeId += BigInt(count);
    return { count, lastChangeId: count === 0 ? null : changeId };
  };
  const repair: EmployeeRepair = { publishImages: publish('images'), publishDeletions: publish('deletions') };
  const repairer = new ReplicaRepairer(repair, clock, { perSecond, untilMs: Number.POSITIVE_INFINITY });
  const pass = (ms: number) => {
    clock.nowMs += ms;
  };
  return { repairer, calls, sleeps: clock.sleeps, pass };
}
const present = (empId: number) => ({ empId, isInSource: true });
const absent = (empId: number) => ({ empId, isInSource: false });

describe('a repair', () => {
  it('publishes the rows that the source has, and deletes the others', async () => {
    const { repairer, calls } = createRig();
    await repairer.repair([present(1), absent(2), present(3)]);
    expect(calls).toEqual([
      ['images', [1, 3]],
      ['deletions', [2]],
    ]);
    expect(repairer).toMatchObject({ images: 2, deletions: 1, count: 3, lastChangeId: 3n });
  });

  it('asks for nothing that is not needed', async () => {
    const { repairer, calls } = createRig();
    await repairer.repair([]);
    expect(calls).toEqual([]);
    expect(repairer).toMatchObject({ count: 0, lastChangeId: null });
    await repairer.repair([present(1)]);
    await repairer.repair([absent(2)]);
    expect(calls).toEqual([
      ['images', [1]],
      ['deletions', [2]],
    ]);
  });

  it('knows its last change also after a call that captured none', async () => {
    const { repairer } = createRig();
    await repairer.repair([present(1), absent(2)]);
    await repairer.repair([present(99)]);
    await repairer.repair([absent(99)]);
    expect(repairer).toMatchObject({ images: 1, deletions: 1, lastChangeId: 2n });
  });

  it('keeps to its rate, measured from its beginning', async () => {
    const { repairer, sleeps, pass } = createRig(10);
    await repairer.repair([present(1), present(2), present(3), absent(4)]);
    expect(sleeps).toEqual([400]);
    pass(50);
    await repairer.repair([present(5)]);
    expect(sleeps).toEqual([400, 50]);
    pass(100);
    await repairer.repair([present(6)]);
    pass(1_000);
    await repairer.repair([present(7)]);
    expect(sleeps).toEqual([400, 50]);
  });

  it('waits for nothing without a rate', async () => {
    const { repairer, sleeps } = createRig();
    await repairer.repair([present(1)]);
    expect(sleeps).toEqual([]);
  });
});
