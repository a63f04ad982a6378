import { Lease, LeaseLostError } from '../../../functions/poll-changes/lease.ts';
import { FakeClock } from '../../support/cdc/fake-clock.ts';
import { FakeConnection } from '../../support/cdc/fake-connection.ts';
import { InMemoryPollerLedger } from '../../support/cdc/in-memory-poller-ledger.ts';

const TIMING = { leaseMs: 6_000, heartbeatMs: 1_000, pollIntervalMs: 20 };
const MUCH_LATER_MS = 600_000;

let clock: FakeClock;
let ledger: InMemoryPollerLedger;
beforeEach(() => {
  clock = new FakeClock();
  ledger = new InMemoryPollerLedger();
});

const createLease = (
  owner: string,
  { port = ledger, ...options }: { port?: InMemoryPollerLedger; ownerIsDead?: true } = {},
) => new Lease(port, clock, { owner, timing: TIMING, ...options });

async function acquireFreeLease(owner: string): Promise<Lease> {
  const lease = createLease(owner);
  const acquired = lease.acquire(MUCH_LATER_MS);
  await clock.advance(TIMING.pollIntervalMs);
  expect(await acquired).toBe(true);
  return lease;
}

async function renewFor(lease: Lease, ms: number): Promise<void> {
  for (let passedMs = 0; passedMs < ms; passedMs += 100) {
    await lease.renewWhenDue().catch(() => {});
    await clock.advance(100);
  }
}

/** `result` is `undefined` until the promise resolves. */
function watch<Result>(promise: Promise<Result>): { result: Result | undefined } {
  const watched: { result: Result | undefined } = { result: undefined };
  promise.then((result) => {
    watched.result = result;
  });
  return watched;
}

describe('acquire', () => {
  it('acquires at once a lease that no poller has ever held', async () => {
    const lease = await acquireFreeLease('a');
    expect(lease.held).toBe(true);
    expect(await ledger.read()).toMatchObject({ owner: 'a', fencingToken: 1 });
  });

  it('acquires a released lease at once', async () => {
    const first = await acquireFreeLease('a');
    await first.release('position');
    expect(first.held).toBe(false);
    const second = await acquireFreeLease('b');
    expect(await ledger.read()).toMatchObject({ owner: 'b', position: 'position' });
    expect(second.held).toBe(true);
  });

  it('acquires a lease whose entry has only a request for a snapshot, and knows the request', async () => {
    await ledger.requestResnapshot('token');
    expect((await acquireFreeLease('a')).isResnapshotRequested).toBe(true);
  });

  it('waits until the owner has seen the request and releases the lease', async () => {
    const first = await acquireFreeLease('a');
    const acquired = watch(createLease('b').acquire(MUCH_LATER_MS));
    await renewFor(first, 1_200);
    expect(first.isTransferRequested).toBe(true);
    expect(acquired.result).toBeUndefined();
    await first.release('last position');
    await clock.advance(TIMING.pollIntervalMs);
    expect(acquired.result).toBe(true);
    expect(await ledger.read()).toMatchObject({ owner: 'b', requestedBy: null, position: 'last position' });
  });

  it('resolves with false for the earlier one of two pollers that wait', async () => {
    const first = await acquireFreeLease('a');
    const early = watch(createLease('b').acquire(MUCH_LATER_MS));
    await renewFor(first, 300);
    const late = watch(createLease('c').acquire(MUCH_LATER_MS));
    await renewFor(first, 1_200);
    await first.release();
    await clock.advance(100);
    expect([early.result, late.result]).toEqual([false, true]);
  });

  it('acquires an expired lease, and measures the expiry from the last change of the heartbeat that it saw', async () => {
    const dying = await acquireFreeLease('dying');
    const acquired = watch(createLease('b').acquire(MUCH_LATER_MS));
    await renewFor(dying, 2_000);
    await clock.advance(TIMING.leaseMs - 1_000 - 2 * TIMING.pollIntervalMs);
    expect(acquired.result).toBeUndefined();
    await clock.advance(1_000 + 2 * TIMING.pollIntervalMs);
    expect(acquired.result).toBe(true);
  });

  it('resolves with true for one of two pollers that wait for the expiry', async () => {
    await acquireFreeLease('dead');
    const results = ['b', 'c'].map((owner) => watch(createLease(owner).acquire(MUCH_LATER_MS)));
    await clock.advance(TIMING.leaseMs + 100);
    expect(results.map(({ result }) => result).sort()).toEqual([false, true]);
  });

  it('does not acquire a lease that its owner renews and never releases', async () => {
    const busy = await acquireFreeLease('a');
    const acquired = watch(createLease('b').acquire(clock.monotonicMs() + 30_000));
    await renewFor(busy, 30_500);
    expect(acquired.result).toBe(false);
    await busy.savePosition('still the owner');
  });

  it('resolves with false when no time is left, without a request to the ledger', async () => {
    const read = jest.spyOn(ledger, 'read');
    expect(await createLease('a').acquire(clock.monotonicMs())).toBe(false);
    expect(read).not.toHaveBeenCalled();
    expect(ledger.writeCount).toBe(0);
  });

  it('does not wait for the expiry when the owner is known to be dead; an owner that is alive loses the lease', async () => {
    const alive = await acquireFreeLease('a');
    const acquired = watch(createLease('b', { ownerIsDead: true }).acquire(MUCH_LATER_MS));
    await clock.advance(3 * TIMING.pollIntervalMs);
    expect(acquired.result).toBe(true);
    await expect(alive.savePosition('late position')).rejects.toThrow(LeaseLostError);
  });
});

describe('a lease that was never acquired', () => {
  it('is not held, knows no requests and saves nothing', async () => {
    const lease = createLease('a');
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
    const lease = await acquireFreeLease('a');
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
    const lease = await acquireFreeLease('a');
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
    const lease = await acquireFreeLease('a');
    const before = ledger.writeCount;
    await renewFor(lease, 60_000);
    expect(ledger.writeCount - before).toBeLessThanOrEqual(60);
    expect(ledger.writeCount - before).toBeGreaterThanOrEqual(54);
  });

  it('is renewed by a saved position', async () => {
    const lease = await acquireFreeLease('a');
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
    const lease = createLease('a', { port: slow.to(ledger) });
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
    const lease = createLease('a', { port: connection.to(ledger) });
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
    const lease = await acquireFreeLease('a');
    const before = ledger.writeCount;
    expect(await lease.readEntry()).toMatchObject({ owner: 'a', requestedBy: null });
    expect(ledger.writeCount).toBe(before);
    await ledger.requestTransfer('b');
    expect(await lease.readEntry()).toMatchObject({ owner: 'a', requestedBy: 'b' });
  });

  it('deletes the request for a snapshot only with the position that begins it', async () => {
    await ledger.requestResnapshot('token');
    const lease = await acquireFreeLease('a');
    await lease.savePosition('stream');
    expect(lease.isResnapshotRequested).toBe(true);
    await lease.savePosition('snapshot', true);
    expect(lease.isResnapshotRequested).toBe(false);
    expect(await ledger.read()).toMatchObject({ resnapshotToken: null, position: 'snapshot' });
  });
});

describe('a lease that is lost', () => {
  it('rejects the writes of a poller that wakes up too late', async () => {
    const frozen = await acquireFreeLease('a');
    await frozen.savePosition('old position');
    const successor = createLease('b');
    const acquired = successor.acquire(MUCH_LATER_MS);
    await clock.advance(TIMING.leaseMs + 100);
    expect(await acquired).toBe(true);
    await successor.savePosition('new position');
    await expect(frozen.savePosition('stale position')).rejects.toThrow(LeaseLostError);
    expect(frozen.held).toBe(false);
    expect(await ledger.read()).toMatchObject({ owner: 'b', position: 'new position' });
  });

  it('is detected by a confirmation when the last response is not recent', async () => {
    const frozen = await acquireFreeLease('a');
    const acquired = createLease('b').acquire(MUCH_LATER_MS);
    await clock.advance(TIMING.leaseMs + 100);
    expect(await acquired).toBe(true);
    await expect(frozen.confirm()).rejects.toThrow(LeaseLostError);
    expect(await frozen.isFree()).toBe(false);
  });

  it('is lost when the entry is deleted, and free', async () => {
    const lease = await acquireFreeLease('a');
    ledger.delete();
    await expect(lease.savePosition('position')).rejects.toThrow(LeaseLostError);
    expect(await ledger.read()).toBeNull();
    expect(await lease.isFree()).toBe(true);
  });

  it('is free after a release without a waiter', async () => {
    const lease = await acquireFreeLease('a');
    expect(await lease.isFree()).toBe(false);
    await lease.release();
    expect(await lease.isFree()).toBe(true);
  });
});
