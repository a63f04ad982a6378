import type { Lease } from '../../../functions/poll-changes/lease.ts';
import { LeaseRig, MUCH_LATER_MS, LEASE_TIMING as TIMING, watch } from '../../support/cdc/lease-rig.ts';

let rig: LeaseRig;
let clock: LeaseRig['clock'];
let ledger: LeaseRig['ledger'];
beforeEach(() => {
  rig = new LeaseRig();
  ({ clock, ledger } = rig);
});

describe('after a transfer', () => {
  async function transferred(successor: string): Promise<Lease> {
    const lease = await rig.acquireFreeLease('a');
    await ledger.requestTransfer(successor, 1);
    await lease.savePosition('position');
    expect(await lease.transfer()).toBe(true);
    expect(lease.held).toBe(false);
    return lease;
  }

  it('the lease stays with a successor that has begun', async () => {
    const lease = await transferred('b');
    const takenBack = watch(lease.takeBackUnlessAccepted());
    await clock.advance(TIMING.acceptanceMs - 50);
    expect(takenBack.result).toBeUndefined();
    const successor = rig.createLease('b').acquire(MUCH_LATER_MS);
    await clock.advance(2 * TIMING.pollIntervalMs);
    expect(await successor).toBe(true);
    expect(takenBack.result).toBe(false);
    expect(await ledger.read()).toMatchObject({ owner: 'b', isAccepted: true });
  });

  it('is taken back from a successor that does not begin, whose later writes are rejected', async () => {
    const lease = await transferred('dead');
    const takenBack = watch(lease.takeBackUnlessAccepted());
    await clock.advance(TIMING.acceptanceMs + 3 * TIMING.pollIntervalMs);
    expect(takenBack.result).toBe(true);
    await lease.savePosition('next');
    expect(await ledger.read()).toMatchObject({ owner: 'a', fencingToken: 3, isAccepted: true, position: 'next' });
    expect(await ledger.renew(2)).toBeNull();
  });

  it('is taken back at once when the successor has freed it or its entry was deleted', async () => {
    const lease = await transferred('b');
    await ledger.release(2, null);
    const takenBack = watch(lease.takeBackUnlessAccepted());
    await clock.advance(2 * TIMING.pollIntervalMs);
    expect(takenBack.result).toBe(true);
  });

  it('is not taken back from another poller that has acquired it', async () => {
    const lease = await transferred('b');
    await ledger.tryAcquire(await ledger.read(), 'c');
    const takenBack = watch(lease.takeBackUnlessAccepted());
    await clock.advance(TIMING.pollIntervalMs);
    expect(takenBack.result).toBe(false);
  });

  it('is not taken back while the ledger stays unreachable', async () => {
    const lease = await transferred('b');
    jest.spyOn(ledger, 'read').mockRejectedValue(new Error('unreachable'));
    const takenBack = watch(lease.takeBackUnlessAccepted());
    await clock.advance(TIMING.acceptanceMs + TIMING.leaseMs + TIMING.pollIntervalMs);
    expect(takenBack.result).toBe(false);
    expect(lease.held).toBe(false);
  });
});
