import { PollTick } from '../../../functions/poll-changes/poll-tick.ts';
import { FakeClock } from '../../support/cdc/fake-clock.ts';

/** Milliseconds before each tick, when the reads found changes or not, and the work after a tick takes some time. */
async function intervalsMs(foundChanges: readonly boolean[], workMs = 0): Promise<number[]> {
  const clock = new FakeClock();
  const tick = new PollTick(clock, { busyTickMs: 20, idleTickMs: 100 });
  const ticksAtMs = [0];
  const ticking = (async () => {
    for (const found of foundChanges) {
      if (workMs > 0) await clock.sleep(workMs);
      await tick.next(found);
      ticksAtMs.push(clock.monotonicMs());
    }
  })();
  await clock.advance(10_000);
  await ticking;
  return ticksAtMs.slice(1).map((atMs, index) => atMs - (ticksAtMs[index] ?? Number.NaN));
}

it('is busyTickMs after the last one while there are changes', async () => {
  expect(await intervalsMs([true, true, true])).toEqual([20, 20, 20]);
});

it('is later step by step without changes, up to idleTickMs after the last one', async () => {
  expect(await intervalsMs([false, false, false, false, false])).toEqual([30, 45, 67.5, 100, 100]);
});

it('is busyTickMs after the last one again with the first change', async () => {
  expect(await intervalsMs([false, false, false, false, true, false])).toEqual([30, 45, 67.5, 100, 20, 30]);
});

it('counts the time of the work since the last tick', async () => {
  expect(await intervalsMs([true, true], 15)).toEqual([20, 20]);
});

it('comes at once when the work has taken longer than the interval', async () => {
  expect(await intervalsMs([true, true], 50)).toEqual([50, 50]);
});
