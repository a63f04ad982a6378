import { LeaseLostError } from '../../../functions/poll-changes/lease.ts';
import { FakeConnection } from '../../support/cdc/fake-connection.ts';
import { LeaseRig, MUCH_LATER_MS, LEASE_TIMING as TIMING } from '../../support/cdc/lease-rig.ts';

let rig: LeaseRig;
let clock: LeaseRig['clock'];
let ledger: LeaseRig['ledger'];
beforeEach(() => {
  rig = new LeaseRig();
  ({ clock, ledger } = rig);
});

describe('a lease that was never acquired', () => {
  it('is not held, knows no requests and saves nothing', async () => {
    const lease = rig.createLease('a');
    expect(lease).toMatchObject({ held: false, isTransferRequested: false, isResnapshotRequested: false });
    await expect(lease.savePosition('position')).rejects.toMatchObject({
      name: 'LeaseLostError',
      message: 'poller a does not hold the lease any more',
    });
    expect(ledger.writeCount).toBe(0);
  });
});

describe('a lease that is held', () => {
  it('is renewed exactly when the heartbeat interval has passed', async () => {
    const lease = await rig.acquireFreeLease('a');
    await lease.savePosition('position');
    const before = ledger.writeCount;
    await clock.advance(TIMING.heartbeatMs - 1);
    await lease.renewWhenDue();
    expect(ledger.writeCount).toBe(before);
    await clock.advance(1);
    await lease.renewWhenDue();
    expect(ledger.writeCount).toBe(before + 1);
  });

  it('is confirmed by a request only when the last response is older than half the lease', async () => {
    const lease = await rig.acquireFreeLease('a');
    await lease.savePosition('position');
    const before = ledger.writeCount;
    await clock.advance(TIMING.leaseMs / 2);
    await lease.confirm();
    expect(ledger.writeCount).toBe(before);
    await clock.advance(1);
    await lease.confirm();
    expect(ledger.writeCount).toBe(before + 1);
  });

  it('is renewed no more often than is due', async () => {
    const lease = await rig.acquireFreeLease('a');
    const before = ledger.writeCount;
    await rig.renewFor(lease, 60_000);
    expect(ledger.writeCount - before).toBeLessThanOrEqual(60);
    expect(ledger.writeCount - before).toBeGreaterThanOrEqual(54);
  });

  it('is renewed by a saved position', async () => {
    const lease = await rig.acquireFreeLease('a');
    const before = ledger.writeCount;
    for (let count = 0; count < 40; count += 1) {
      await lease.savePosition(`position ${count}`);
      await lease.renewWhenDue();
      await clock.advance(250);
    }
    expect(ledger.writeCount - before).toBe(40);
  });

  it('is confirmed as of when the request was sent, so that a slow response does not extend it', async () => {
    const slow = new FakeConnection(clock, 4_000);
    const lease = rig.createLease('a', { port: slow.to(ledger) });
    const acquired = lease.acquire(MUCH_LATER_MS);
    // A read, the acquisition, and the read that shows its outcome.
    await clock.advance(3 * 4_000);
    expect(await acquired).toBe(true);
    const before = ledger.writeCount;
    const confirmed = lease.confirm();
    await clock.advance(4_000);
    await confirmed;
    expect(ledger.writeCount).toBe(before + 1);
  });

  it('saves positions in their order, although a later request would arrive earlier', async () => {
    const connection = new FakeConnection(clock, 0);
    const lease = rig.createLease('a', { port: connection.to(ledger) });
    const acquired = lease.acquire(MUCH_LATER_MS);
    await clock.advance(TIMING.pollIntervalMs);
    await acquired;
    connection.roundTripMs = 400;
    const first = lease.savePosition('1');
    await clock.advance(0);
    connection.roundTripMs = 20;
    const others = [lease.savePosition('2'), lease.release('3')];
    await clock.advance(1_000);
    await Promise.all([first, ...others]);
    expect(await ledger.read()).toMatchObject({ position: '3', owner: null });
    await expect(lease.savePosition('4')).rejects.toThrow(LeaseLostError);
  });

  it('reads the entry of the acquisition once without a request, and after that from the ledger', async () => {
    const lease = await rig.acquireFreeLease('a');
    const before = ledger.writeCount;
    expect(await lease.readEntry()).toMatchObject({ owner: 'a', requestedBy: null });
    expect(ledger.writeCount).toBe(before);
    await ledger.requestTransfer('b', 1);
    expect(await lease.readEntry()).toMatchObject({ owner: 'a', requestedBy: 'b' });
  });

  it('deletes the request for a snapshot only with the position that begins it', async () => {
    await ledger.requestResnapshot('token');
    const lease = await rig.acquireFreeLease('a');
    await lease.savePosition('stream');
    expect(lease.isResnapshotRequested).toBe(true);
    await lease.savePosition('snapshot', 'token');
    expect(lease.isResnapshotRequested).toBe(false);
    expect(await ledger.read()).toMatchObject({ resnapshotToken: null, position: 'snapshot' });
    await ledger.requestResnapshot('later');
    await lease.savePosition('another snapshot', 'token');
    expect(lease.resnapshotToken).toBe('later');
  });
});

describe('a lease that is lost', () => {
  it('rejects the writes of a poller that wakes up too late', async () => {
    const frozen = await rig.acquireFreeLease('a');
    await frozen.savePosition('old position');
    const successor = rig.createLease('b');
    const acquired = successor.acquire(MUCH_LATER_MS);
    await clock.advance(TIMING.leaseMs + 100);
    expect(await acquired).toBe(true);
    await successor.savePosition('new position');
    await expect(frozen.savePosition('stale position')).rejects.toThrow(LeaseLostError);
    expect(frozen.held).toBe(false);
    expect(await ledger.read()).toMatchObject({ owner: 'b', position: 'new position' });
  });

  it('is detected by a confirmation when the last response is not recent', async () => {
    const frozen = await rig.acquireFreeLease('a');
    const acquired = rig.createLease('b').acquire(MUCH_LATER_MS);
    await clock.advance(TIMING.leaseMs + 100);
    expect(await acquired).toBe(true);
    await expect(frozen.confirm()).rejects.toThrow(LeaseLostError);
    expect(await frozen.isFree()).toBe(false);
  });

  it('is lost when the entry is deleted, and free', async () => {
    const lease = await rig.acquireFreeLease('a');
    ledger.delete();
    await expect(lease.savePosition('position')).rejects.toThrow(LeaseLostError);
    expect(await ledger.read()).toBeNull();
    expect(await lease.isFree()).toBe(true);
  });

  it('is free after a release without a waiter', async () => {
    const lease = await rig.acquireFreeLease('a');
    expect(await lease.isFree()).toBe(false);
    await lease.release();
    expect(await lease.isFree()).toBe(true);
  });
});
