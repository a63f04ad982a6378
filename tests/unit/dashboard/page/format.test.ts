import {
  formatAge,
  formatAgo,
  formatCount,
  formatDuration,
  plural,
} from '../../../../functions/dashboard/page/format.ts';

describe('formatDuration', () => {
  it.each([
    [-5, '0 ms'],
    [41.4, '41 ms'],
    [999, '999 ms'],
    [1_000, '1.0 s'],
    [1_234, '1.2 s'],
    [10_000, '10 s'],
    [12_999, '12 s'],
    [60_000, '1 min'],
    [94_000, '1 min 34 s'],
    [120_000, '2 min'],
    [630_000, '10 min'],
    [45 * 60_000, '45 min'],
    [60 * 60_000, '1 h'],
    [130 * 60_000, '2 h 10 min'],
    [24 * 3_600_000, '1 d'],
    [50 * 3_600_000, '2 d'],
  ])('shows %d ms as %s', (ms, text) => {
    expect(formatDuration(ms)).toBe(text);
  });
});

describe('formatCount', () => {
  it('keeps every digit of a 64-bit number', () => {
    expect(formatCount('9223372036854775807')).toBe('9,223,372,036,854,775,807');
    expect(formatCount(9_223_372_036_854_775_807n)).toBe('9,223,372,036,854,775,807');
  });

  it('rounds what is no whole number', () => {
    expect(formatCount(1_004.6)).toBe('1,005');
  });
});

describe('plural', () => {
  it('counts one without a plural', () => {
    expect([plural(1, 'row'), plural(0, 'row'), plural('1', 'row')]).toEqual(['1 row', '0 rows', '1 row']);
  });
});

describe('formatAgo', () => {
  const now = new Date('2026-11-26T08:00:00Z');
  it('is the same text at two polls', () => {
    const at = new Date(now.getTime() - 41_000);
    expect(formatAgo(at, new Date(now.getTime() + 2_000)).toString()).toBe(formatAgo(at, now).toString());
  });

  it.each([
    [9, 'just now', 'some seconds'],
    [10, '10 s ago', '10 s'],
    [41, '40 s ago', '40 s'],
    [60, '1 min ago', '1 min'],
    [9 * 60 + 59, '9 min ago', '9 min'],
    [12 * 60 + 5, '12 min ago', '12 min'],
    [3_600, '1 h ago', '1 h'],
    [26 * 3_600, '1 d ago', '1 d'],
  ])('says after %d s "%s", and as an age "%s"', (seconds, ago, age) => {
    const at = new Date(now.getTime() - seconds * 1_000);
    expect(formatAgo(at, now).toString()).toContain(`>${ago}</time>`);
    expect(formatAge(at, now).toString()).toContain(`>${age}</time>`);
  });

  it('has the exact time for machines', () => {
    expect(formatAgo(now, now).toString()).toContain('datetime="2026-11-26T08:00:00.000Z"');
  });
});
