import { compareVersions, lastVersionBefore, MAX_INT64 } from '../../../functions/core/change-version.ts';

const version = (epoch: bigint, changeId: bigint) => ({ epoch, changeId });

test.each([
  ['an older epoch, whatever the change', version(1n, 9n), version(2n, 1n), -1],
  ['a newer epoch, whatever the change', version(2n, 1n), version(1n, 9n), 1],
  ['an older change of the same epoch', version(1n, 1n), version(1n, 2n), -1],
  ['a newer change of the same epoch', version(1n, 2n), version(1n, 1n), 1],
  ['the same version', version(1n, 1n), version(1n, 1n), 0],
])('compares with %s', (_, a, b, expected) => {
  expect(compareVersions(a, b)).toBe(expected);
});

test('the last version before an epoch is above all versions of older epochs and below all of this one', () => {
  const last = lastVersionBefore(5n);

  expect(last).toEqual({ epoch: 4n, changeId: MAX_INT64 });
  expect(compareVersions(last, version(4n, MAX_INT64 - 1n))).toBe(1);
  expect(compareVersions(last, version(5n, 0n))).toBe(-1);
});
