import { ExpiryWatch } from '../../../functions/poll-changes/expiry-watch.ts';

it('has expired when the heartbeat has not changed for the given time', () => {
  const watch = new ExpiryWatch(1_000);
  expect([0, 999, 1_000].map((nowMs) => watch.hasExpired(1, nowMs))).toEqual([false, false, true]);
});

it('starts again with each change of the heartbeat', () => {
  const watch = new ExpiryWatch(1_000);
  watch.hasExpired(1, 0);
  expect([900, 1_899, 1_900].map((nowMs) => watch.hasExpired(2, nowMs))).toEqual([false, false, true]);
});

it('expires at the second look when the time is 0, because the owner is dead', () => {
  const watch = new ExpiryWatch(0);
  expect([5, 5].map((nowMs) => watch.hasExpired(1, nowMs))).toEqual([false, true]);
});
