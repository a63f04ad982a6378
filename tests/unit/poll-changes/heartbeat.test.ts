import { Heartbeat } from '../../../functions/poll-changes/heartbeat.ts';
import { Lease } from '../../../functions/poll-changes/lease.ts';
import { FakeClock } from '../../support/cdc/fake-clock.ts';
import { FakeConnection } from '../../support/cdc/fake-connection.ts';
import { InMemoryPollerLedger } from '../../support/cdc/in-memory-poller-ledger.ts';
import { RecordingLogger } from '../../support/recording-logger.ts';

const TIMING = { leaseMs: 6_000, heartbeatMs: 1_000, pollIntervalMs: 20, acceptanceMs: 500 };
const CHECK_INTERVAL_MS = 100;

async function startHeartbeat() {
  const clock = new FakeClock();
  const ledger = new InMemoryPollerLedger();
  const connection = new FakeConnection(clock, 0);
  const lease = new Lease(connection.to(ledger), clock, { owner: 'a', timing: TIMING });
  const acquired = lease.acquire(10_000);
  await clock.advance(TIMING.pollIntervalMs);
  await acquired;
  const logger = new RecordingLogger();
  const heartbeat = new Heartbeat(lease, clock, logger, CHECK_INTERVAL_MS);
  return { clock, ledger, connection, lease, logger, heartbeat };
}

it('renews the lease until it is stopped', async () => {
  const { clock, ledger, heartbeat } = await startHeartbeat();
  const before = ledger.writeCount;
  await clock.advance(10_000);
  expect(ledger.writeCount - before).toBeGreaterThanOrEqual(9);
  expect(ledger.writeCount - before).toBeLessThanOrEqual(10);
  const stopped = heartbeat.stop();
  await clock.advance(CHECK_INTERVAL_MS);
  await stopped;
  const afterStop = ledger.writeCount;
  await clock.advance(10_000);
  expect(ledger.writeCount).toBe(afterStop);
});

it('stops only when the renewal under way has ended', async () => {
  const { clock, connection, heartbeat } = await startHeartbeat();
  connection.roundTripMs = 5_000;
  await clock.advance(1_500);
  let isStopped = false;
  const stopped = heartbeat.stop().then(() => {
    isStopped = true;
  });
  await clock.advance(3_000);
  expect(isStopped).toBe(false);
  await clock.advance(3_000);
  await stopped;
});

it('logs a failed renewal, and repeats it at the next check', async () => {
  const { clock, ledger, connection, logger } = await startHeartbeat();
  const before = ledger.writeCount;
  connection.failure = new Error('unreachable');
  await clock.advance(TIMING.heartbeatMs + CHECK_INTERVAL_MS);
  const failed = {
    level: 'warn',
    message: 'the lease could not be renewed',
    context: { reason: 'unreachable' },
  };
  expect(logger.entries).toEqual([failed, failed]);
  connection.failure = null;
  await clock.advance(CHECK_INTERVAL_MS);
  expect(ledger.writeCount).toBe(before + 1);
});

it('ends without a warning when the lease is lost', async () => {
  const { clock, ledger, lease, logger } = await startHeartbeat();
  await ledger.tryAcquire(await ledger.read(), 'another poller');
  await clock.advance(5_000);
  expect(lease.held).toBe(false);
  expect(logger.entries).toEqual([]);
});
