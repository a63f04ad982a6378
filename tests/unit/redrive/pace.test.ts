import { Pace } from '../../../functions/redrive/pace.ts';
import { SleeplessClock } from '../../support/sleepless-clock.ts';

function createPace(rate: number | null) {
  const clock = new SleeplessClock(500);
  const pass = (ms: number) => {
    clock.nowMs += ms;
  };
  return { pace: new Pace(clock, rate), sleeps: clock.sleeps, pass };
}

describe('the pace of a redrive', () => {
  it.each([
    [null, 1_000],
    [1, 1],
    [3, 2],
    [10, 5],
    [2_000, 1_000],
    [5_000, 1_000],
  ])('of %p a second has batches of %i, which are half a second of it', (rate, limit) => {
    expect(createPace(rate).pace.batchLimit).toBe(limit);
  });

  it('waits for nothing without a rate', async () => {
    const { pace, sleeps } = createPace(null);
    await pace.wait(1_000);
    expect(sleeps).toEqual([]);
  });

  it('is measured from the end of the first batch, so that a slow batch is made up for', async () => {
    const { pace, sleeps, pass } = createPace(10);
    await pace.wait(5);
    expect(sleeps).toEqual([500]);
    pass(300);
    await pace.wait(5);
    expect(sleeps).toEqual([500, 200]);
    pass(700);
    await pace.wait(5);
    expect(sleeps).toEqual([500, 200]);
    await pace.wait(5);
    expect(sleeps).toEqual([500, 200, 300]);
  });

  it('waits for nothing when the next batch is due just now', async () => {
    const { pace, sleeps, pass } = createPace(10);
    await pace.wait(5);
    pass(500);
    await pace.wait(5);
    expect(sleeps).toEqual([500]);
  });
});
