import type { EmployeeRepair } from '../../../functions/ports/employee-repair.ts';
import { ReplicaRepairer } from '../../../functions/verify-replica/replica-repairer.ts';
import { SleeplessClock } from '../../support/sleepless-clock.ts';

const differences = (count: number, isInSource = true) =>
  Array.from({ length: count }, (_, empId) => ({ empId, isInSource }));

/** Each call takes 100 ms. */
function createRig(limits: { perSecond?: number; untilMs?: number } = {}, isLocked = false) {
  const calls: (readonly number[])[] = [];
  const clock = new SleeplessClock();
  const capture = async (empIds: readonly number[]) => {
    calls.push(empIds);
    clock.nowMs += 100;
    return { count: empIds.length, lastChangeId: BigInt(calls.length) };
  };
  const repair: EmployeeRepair = {
    publishImages: capture,
    publishDeletions: async (empIds) => {
      const captured = await capture(empIds);
      return isLocked ? null : captured;
    },
  };
  const repairer = new ReplicaRepairer(repair, clock, {
    ...{ perSecond: null, untilMs: Number.POSITIVE_INFINITY },
    ...limits,
  });
  return { repairer, calls, now: () => clock.nowMs };
}

describe('the limits of a repair', () => {
  it('captures images and deletions, and keeps the last change', async () => {
    const { repairer, calls } = createRig();
    await repairer.repair([...differences(2), { empId: 9, isInSource: false }]);
    expect(calls).toEqual([[0, 1], [9]]);
    expect(repairer).toMatchObject({ images: 2, deletions: 1, lastChangeId: 2n, leftByTime: 0, leftByLock: 0 });
  });

  it('captures in one second what the rate allows', async () => {
    const { repairer, calls, now } = createRig({ perSecond: 4 });
    await repairer.repair(differences(10));
    expect(calls.map((keys) => keys.length)).toEqual([4, 4, 2]);
    expect(now()).toBe(2_500);
  });

  it('ends when the time is over, and counts what it leaves', async () => {
    const { repairer, calls, now } = createRig({ perSecond: 4, untilMs: 1_500 });
    await repairer.repair(differences(10));
    await repairer.repair(differences(3, false));
    expect(calls).toHaveLength(2);
    expect(repairer).toMatchObject({ images: 8, deletions: 0, leftByTime: 5 });
    expect(now()).toBe(1_500);
  });

  it('leaves deletions while writers keep the table locked, waits for them once a round, and goes on with images', async () => {
    const { repairer, calls } = createRig({}, true);
    await repairer.repair(differences(2, false));
    await repairer.repair([...differences(1), ...differences(3, false)]);
    expect(calls).toEqual([[0, 1], [0]]);
    expect(repairer).toMatchObject({ images: 1, deletions: 0, leftByLock: 5 });
    repairer.beginRound();
    await repairer.repair(differences(1, false));
    expect(repairer).toMatchObject({ leftByLock: 1, lastChangeId: null });
    expect(calls).toHaveLength(3);
  });
});
