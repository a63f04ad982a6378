import type { PollerLedgerEntry } from '../../../functions/ports/poller-ledger.ts';
import { LeaseWatch } from '../../../functions/watch-replica/lease-watch.ts';

function createWatch() {
  let ms = 0;
  let heartbeat: number | null = null;
  const read = async () => (heartbeat === null ? null : ({ heartbeat } as PollerLedgerEntry));
  const watch = new LeaseWatch({ read }, { monotonicMs: () => ms });
  const lookAt = async (seconds: number, seenHeartbeat: number | null) => {
    ms = seconds * 1_000;
    heartbeat = seenHeartbeat;
    await watch.look();
  };
  return { watch, lookAt };
}

test('the age of a lease that is renewed stays zero', async () => {
  const { watch, lookAt } = createWatch();
  for (const second of [0, 5, 10]) await lookAt(second, second);
  expect(watch.takeGreatestAgeSeconds()).toBe(0);
});

test('the age grows while the lease is not renewed, also from one invocation to the next', async () => {
  const { watch, lookAt } = createWatch();
  for (const second of [0, 5, 50]) await lookAt(second, 7);
  expect(watch.takeGreatestAgeSeconds()).toBe(50);
  await lookAt(70, 7);
  expect(watch.takeGreatestAgeSeconds()).toBe(70);
});

test('the greatest age of an invocation remains when the lease is renewed again', async () => {
  const { watch, lookAt } = createWatch();
  await lookAt(0, 7);
  await lookAt(30, 7);
  await lookAt(35, 8);
  expect(watch.takeGreatestAgeSeconds()).toBe(30);
  expect(watch.takeGreatestAgeSeconds()).toBe(0);
});

test('a lease that no poller has ever had grows old too', async () => {
  const { watch, lookAt } = createWatch();
  await lookAt(0, null);
  await lookAt(40, null);
  expect(watch.takeGreatestAgeSeconds()).toBe(40);
});
