import { describeDifferentClocks } from '../../../functions/core/different-clocks.ts';

test('each server whose clock differs by more than a minute is named, with the direction and the remedy', () => {
  const clocks = [
    { name: 'PostgreSQL (source)', aheadMs: 2 * 86_400_000 },
    { name: 'PostgreSQL (target)', aheadMs: 60_000 },
    { name: 'the S3 server', aheadMs: -8 * 3_600_000 },
    { name: 'the functions', aheadMs: -61_000 },
  ];
  expect(describeDifferentClocks(clocks)).toEqual({
    subject: 'PostgreSQL (source), the S3 server, the functions',
    message: expect.stringMatching(
      /found that of PostgreSQL \(source\) 2 days ahead of it, that of the S3 server 8 h behind it, that of the functions 1 min behind it: set the clock/,
    ),
  });
});

test('clocks that differ by at most a minute count as equal', () => {
  expect(describeDifferentClocks([])).toBeNull();
  expect(describeDifferentClocks([60_000, -60_000].map((aheadMs) => ({ name: 'the S3 server', aheadMs })))).toBeNull();
});
