import { CrashLimit } from '../../../../localstack/stack/process/crash-limit.ts';

const reachedBy = (...crashTimesMs: number[]) => {
  const limit = new CrashLimit();
  return crashTimesMs.map((time) => limit.isReachedBy(time));
};

test('the third crash within a minute reaches the limit', () => {
  expect(reachedBy(0, 30_000, 60_000)).toEqual([false, false, true]);
});

test('crashes that are more than a minute apart do not add up', () => {
  expect(reachedBy(0, 30_000, 60_001, 90_001)).toEqual([false, false, false, false]);
});
