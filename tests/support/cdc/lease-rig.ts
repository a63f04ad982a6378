import { Lease } from '../../../functions/poll-changes/lease.ts';
import { FakeClock } from './fake-clock.ts';
import { InMemoryPollerLedger } from './in-memory-poller-ledger.ts';

export const LEASE_TIMING = { leaseMs: 6_000, heartbeatMs: 1_000, pollIntervalMs: 20, acceptanceMs: 500 };
export const MUCH_LATER_MS = 600_000;

/** Leases on one ledger in memory, with a clock that the test advances. */
export class LeaseRig {
  readonly clock = new FakeClock();
  readonly ledger = new InMemoryPollerLedger();

  createLease(
    owner: string,
    { port = this.ledger, ...options }: { port?: InMemoryPollerLedger; ownerIsDead?: true } = {},
  ): Lease {
    return new Lease(port, this.clock, { owner, timing: LEASE_TIMING, ...options });
  }

  async acquireFreeLease(owner: string): Promise<Lease> {
    const lease = this.createLease(owner);
    const acquired = lease.acquire(MUCH_LATER_MS);
    await this.clock.advance(LEASE_TIMING.pollIntervalMs);
    expect(await acquired).toBe(true);
    return lease;
  }

  async renewFor(lease: Lease, ms: number): Promise<void> {
    for (let passedMs = 0; passedMs < ms; passedMs += 100) {
      await lease.renewWhenDue().catch(() => {});
      await this.clock.advance(100);
    }
  }
}

/** `result` is `undefined` until the promise resolves. */
export function watch<Result>(promise: Promise<Result>): { result: Result | undefined } {
  const watched: { result: Result | undefined } = { result: undefined };
  promise.then((result) => {
    watched.result = result;
  });
  return watched;
}
