import { LeaseLostError } from '../../../functions/poll-changes/lease.ts';
import { FakeConnection } from '../../support/cdc/fake-connection.ts';
import { LeaseRig, MUCH_LATER_MS, LEASE_TIMING as TIMING, watch } from '../../support/cdc/lease-rig.ts';

let rig: LeaseRig;
let clock: LeaseRig['clock'];
let ledger: LeaseRig['ledger'];
beforeEach(() => {
  rig = new LeaseRig();
  ({ clock, ledger } = rig);
});

describe('acquire', () => {
  it('acquires at once a lease that no poller has ever held', async () => {
    const lease = await rig.acquireFreeLease('a');
    expect(lease.held).toBe(true);
    expect(await ledger.read()).toMatchObject({ owner: 'a', fencingToken: 1 });
  });

  it('acquires a released lease at once', async () => {
    const first = await rig.acquireFreeLease('a');
    await first.release('position');
    expect(first.held).toBe(false);
    const second = await rig.acquireFreeLease('b');
    expect(await ledger.read()).toMatchObject({ owner: 'b', position: 'position' });
    expect(second.held).toBe(true);
  });

  it('acquires a lease whose entry has only a request for a snapshot, and knows the request', async () => {
    await ledger.requestResnapshot('token');
    expect((await rig.acquireFreeLease('a')).isResnapshotRequested).toBe(true);
  });

  it('waits until the owner has seen the request and releases the lease', async () => {
    const first = await rig.acquireFreeLease('a');
    const acquired = watch(rig.createLease('b').acquire(MUCH_LATER_MS));
    await rig.renewFor(first, 1_200);
    expect(first.isTransferRequested).toBe(true);
    expect(acquired.result).toBeUndefined();
    await first.release('last position');
    await clock.advance(TIMING.pollIntervalMs);
    expect(acquired.result).toBe(true);
    expect(await ledger.read()).toMatchObject({ owner: 'b', requestedBy: null, position: 'last position' });
  });

  it('resolves with false for the earlier one of two pollers that wait', async () => {
    const first = await rig.acquireFreeLease('a');
    const early = watch(rig.createLease('b').acquire(MUCH_LATER_MS));
    await rig.renewFor(first, 300);
    const late = watch(rig.createLease('c').acquire(MUCH_LATER_MS));
    await rig.renewFor(first, 1_200);
    expect(await first.transfer()).toBe(true);
    await clock.advance(100);
    expect([early.result, late.result]).toEqual([false, true]);
  });

  it('acquires an expired lease, and measures the expiry from the last change of the heartbeat that it saw', async () => {
    const dying = await rig.acquireFreeLease('dying');
    const acquired = watch(rig.createLease('b').acquire(MUCH_LATER_MS));
    await rig.renewFor(dying, 2_000);
    await clock.advance(TIMING.leaseMs - 1_000 - 2 * TIMING.pollIntervalMs);
    expect(acquired.result).toBeUndefined();
    await clock.advance(1_000 + 2 * TIMING.pollIntervalMs);
    expect(acquired.result).toBe(true);
  });

  it('withdraws its request at the end of its time, so that the owner keeps the lease', async () => {
    const owner = await rig.acquireFreeLease('a');
    const acquired = watch(rig.createLease('b').acquire(clock.monotonicMs() + 500));
    await rig.renewFor(owner, 400);
    await owner.savePosition('position');
    expect(owner.isTransferRequested).toBe(true);
    await clock.advance(200);
    expect(acquired.result).toBe(false);
    expect(await owner.transfer('lost?')).toBe(false);
    expect(owner).toMatchObject({ held: true, isTransferRequested: false });
    expect(await ledger.read()).toMatchObject({ owner: 'a', requestedBy: null, position: 'position' });
  });

  it('withdraws its request after an error, and frees a lease that was transferred to it meanwhile', async () => {
    const owner = await rig.acquireFreeLease('a');
    const connection = new FakeConnection(clock, 0);
    const failed = expect(rig.createLease('b', { port: connection.to(ledger) }).acquire(MUCH_LATER_MS)).rejects.toThrow(
      'down',
    );
    await rig.renewFor(owner, 1_200);
    const withdrawRequest = jest.spyOn(ledger, 'withdrawRequest').mockImplementationOnce(async () => {
      connection.failure = null;
      expect(await owner.transfer()).toBe(true);
    });
    jest.spyOn(ledger, 'read').mockRejectedValueOnce(new Error('down'));
    await clock.advance(2 * TIMING.pollIntervalMs);
    await failed;
    expect(withdrawRequest).toHaveBeenCalledWith('b');
    expect(await ledger.read()).toMatchObject({ owner: null });
  });

  it('waits on when the successor of the owner has not begun, and acquires the lease when that has expired', async () => {
    const owner = await rig.acquireFreeLease('a');
    const acquired = watch(rig.createLease('b').acquire(MUCH_LATER_MS));
    await rig.renewFor(owner, 100);
    await ledger.requestTransfer('dead', 1);
    await owner.savePosition('position');
    expect(await owner.transfer()).toBe(true);
    await clock.advance(TIMING.leaseMs - 200);
    expect(acquired.result).toBeUndefined();
    await clock.advance(300);
    expect(acquired.result).toBe(true);
  });

  it('resolves with true for one of two pollers that wait for the expiry', async () => {
    await rig.acquireFreeLease('dead');
    const results = ['b', 'c'].map((owner) => watch(rig.createLease(owner).acquire(MUCH_LATER_MS)));
    await clock.advance(TIMING.leaseMs + 100);
    expect(results.map(({ result }) => result).sort()).toEqual([false, true]);
  });

  it('does not acquire a lease that its owner renews and never releases', async () => {
    const busy = await rig.acquireFreeLease('a');
    const acquired = watch(rig.createLease('b').acquire(clock.monotonicMs() + 30_000));
    await rig.renewFor(busy, 30_500);
    expect(acquired.result).toBe(false);
    await busy.savePosition('still the owner');
  });

  it('resolves with false when no time is left, without a request to the ledger', async () => {
    const read = jest.spyOn(ledger, 'read');
    expect(await rig.createLease('a').acquire(clock.monotonicMs())).toBe(false);
    expect(read).not.toHaveBeenCalled();
    expect(ledger.writeCount).toBe(0);
  });

  it('does not wait for the expiry when the owner is known to be dead; an owner that is alive loses the lease', async () => {
    const alive = await rig.acquireFreeLease('a');
    const acquired = watch(rig.createLease('b', { ownerIsDead: true }).acquire(MUCH_LATER_MS));
    await clock.advance(3 * TIMING.pollIntervalMs);
    expect(acquired.result).toBe(true);
    await expect(alive.savePosition('late position')).rejects.toThrow(LeaseLostError);
  });
});
