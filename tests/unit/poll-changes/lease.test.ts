import { Lease, LeaseLostError } from '../../../functions/poll-changes/lease.ts';
import { FakeClock } from '../../support/cdc/fake-clock.ts';
import { FakeConnection } from '../../support/cdc/fake-connection.ts';
import { InMemoryPollerLedger } from '../../support/cdc/in-memory-poller-ledger.ts';

const TIMING = { leaseMs: 6_000, heartbeatMs: 1_000, pollIntervalMs: 20 };
const LATER = 600_000;

let clock: FakeClock;
let ledger: InMemoryPollerLedger;
beforeEach(() => {
  clock = new FakeClock();
  ledger = new InMemoryPollerLedger();
});

const lease = (owner: string) => new Lease(ledger, clock, { owner, timing: TIMING });

/** An owner that shows a sign of life whenever one is due. */
async function heldBy(owner: string): Promise<Lease> {
  const held = lease(owner);
  const acquired = held.acquire(LATER);
  await clock.advance(TIMING.pollIntervalMs);
  expect(await acquired).toBe(true);
  return held;
}

async function beatFor(held: Lease, ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    await held.renewWhenDue().catch(() => {});
    await clock.advance(100);
  }
}

/** `undefined` as long as it is open. */
function watch<Result>(promise: Promise<Result>): { result: Result | undefined } {
  const watched: { result: Result | undefined } = { result: undefined };
  promise.then((result) => {
    watched.result = result;
  });
  return watched;
}

describe('a lease', () => {
  it('is taken at once when nobody has it', async () => {
    const held = await heldBy('a');
    expect(held.held).toBe(true);
    expect(await ledger.read()).toMatchObject({ owner: 'a', fencingToken: 1 });
  });

  it('is taken at once when its owner has set it free', async () => {
    const first = await heldBy('a');
    await first.release('position');
    expect(first.held).toBe(false);
    const second = await heldBy('b');
    expect(await ledger.read()).toMatchObject({ owner: 'b', position: 'position' });
    expect(second.held).toBe(true);
  });

  it('can be had though the entry so far holds nothing but a request', async () => {
    await ledger.requestResnapshot('token');
    expect((await heldBy('a')).isResnapshotRequested).toBe(true);
  });

  it('shows a sign of life no more often than is due', async () => {
    const held = await heldBy('a');
    const before = ledger.writeCount;
    await beatFor(held, 60_000);
    expect(ledger.writeCount - before).toBeLessThanOrEqual(60);
    expect(ledger.writeCount - before).toBeGreaterThanOrEqual(54);
  });

  it('counts a saved position as a sign of life', async () => {
    const held = await heldBy('a');
    const before = ledger.writeCount;
    for (let n = 0; n < 40; n += 1) {
      await held.savePosition(`position ${n}`);
      await held.renewWhenDue();
      await clock.advance(250);
    }
    expect(ledger.writeCount - before).toBe(40);
  });

  it('goes to whoever asks, as soon as the owner hears of it and hands over', async () => {
    const first = await heldBy('a');
    const second = lease('b');
    const acquired = watch(second.acquire(LATER));
    await beatFor(first, 1_200);
    expect(first.isTransferRequested).toBe(true);
    expect(acquired.result).toBeUndefined();
    await first.release('last position');
    await clock.advance(TIMING.pollIntervalMs);
    expect(acquired.result).toBe(true);
    expect(await ledger.read()).toMatchObject({ owner: 'b', requestedBy: null, position: 'last position' });
  });

  it('goes to the later one of two who ask; the other one is not needed', async () => {
    const first = await heldBy('a');
    const early = watch(lease('b').acquire(LATER));
    await beatFor(first, 300);
    const late = watch(lease('c').acquire(LATER));
    await beatFor(first, 1_200);
    await first.release();
    await clock.advance(100);
    expect([early.result, late.result]).toEqual([false, true]);
  });

  it('is taken from an owner whose heartbeat stands still, on the clock of whoever waits', async () => {
    await heldBy('dead');
    const acquired = watch(lease('b').acquire(LATER));
    await clock.advance(TIMING.leaseMs - 2 * TIMING.pollIntervalMs);
    expect(acquired.result).toBeUndefined();
    await clock.advance(3 * TIMING.pollIntervalMs);
    expect(acquired.result).toBe(true);
  });

  it('is taken at once by whoever knows that its owner is dead, and an owner who lives after all is told', async () => {
    const alive = await heldBy('a');
    const acquired = watch(new Lease(ledger, clock, { owner: 'b', timing: TIMING, ownerIsDead: true }).acquire(LATER));
    await clock.advance(3 * TIMING.pollIntervalMs);
    expect(acquired.result).toBe(true);
    await expect(alive.savePosition('late position')).rejects.toThrow(LeaseLostError);
  });

  it('is not taken from an owner who lives but never hands over', async () => {
    const busy = await heldBy('a');
    const acquired = watch(lease('b').acquire(clock.monotonicMs() + 30_000));
    await beatFor(busy, 30_500);
    expect(acquired.result).toBe(false);
    await busy.savePosition('still mine');
  });

  it('goes to one of two who wait for a dead owner', async () => {
    await heldBy('dead');
    const results = [watch(lease('b').acquire(LATER)), watch(lease('c').acquire(LATER))];
    await clock.advance(TIMING.leaseMs + 100);
    expect(results.map(({ result }) => result).sort()).toEqual([false, true]);
  });

  it('is lost to an owner that wakes up late: nothing that it writes counts', async () => {
    const frozen = await heldBy('a');
    await frozen.savePosition('old position');
    const successor = lease('b');
    const acquired = successor.acquire(LATER);
    await clock.advance(TIMING.leaseMs + 100);
    expect(await acquired).toBe(true);
    await successor.savePosition('new position');
    await expect(frozen.savePosition('stale position')).rejects.toThrow(LeaseLostError);
    expect(frozen.held).toBe(false);
    expect(await ledger.read()).toMatchObject({ owner: 'b', position: 'new position' });
  });

  it('asks the ledger before it is relied on when its last answer is not fresh', async () => {
    const frozen = await heldBy('a');
    const before = ledger.writeCount;
    await frozen.confirm();
    expect(ledger.writeCount).toBe(before);
    const acquired = lease('b').acquire(LATER);
    await clock.advance(TIMING.leaseMs + 100);
    expect(await acquired).toBe(true);
    await expect(frozen.confirm()).rejects.toThrow(LeaseLostError);
  });

  it('counts from when it asked, not from when a slow answer came', async () => {
    const slow = new FakeConnection(clock, 4_000);
    const held = new Lease(slow.to(ledger), clock, { owner: 'a', timing: TIMING });
    const acquired = held.acquire(LATER);
    // A look, the taking, and the look that shows who has it.
    await clock.advance(3 * 4_000);
    expect(await acquired).toBe(true);
    const before = ledger.writeCount;
    const ensured = held.confirm();
    await clock.advance(4_000);
    await ensured;
    expect(ledger.writeCount).toBe(before + 1);
  });

  it('writes in order, so that a position never goes back', async () => {
    const held = await heldBy('a');
    await Promise.all([held.savePosition('1'), held.savePosition('2'), held.savePosition('3'), held.release('4')]);
    expect(await ledger.read()).toMatchObject({ position: '4', owner: null });
    await expect(held.savePosition('5')).rejects.toThrow(LeaseLostError);
  });

  it('is lost when the table is emptied', async () => {
    const held = await heldBy('a');
    ledger.delete();
    await expect(held.savePosition('position')).rejects.toThrow(LeaseLostError);
    expect(await ledger.read()).toBeNull();
  });
});
