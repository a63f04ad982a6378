import { latencyChart } from '../../../../functions/dashboard/page/chart.ts';

const UNTIL = new Date('2026-11-26T08:00:00Z');
const FROM = new Date(UNTIL.getTime() - 15 * 60_000);

const chart = (...latencies: readonly (number | null)[]) =>
  latencyChart(
    latencies.map((ms, index) => ({ at: new Date(FROM.getTime() + index * 60_000), ms })),
    FROM,
    UNTIL,
  ).toString();

describe('latencyChart', () => {
  it('tells screen readers what it shows', () => {
    expect(chart(41, 88)).toContain('between 41 ms and 88 ms, always below one second.');
    expect(chart(41, 1_300)).toContain('between 41 ms and 1.3 s, above one second at times.');
    expect(chart(null)).toContain('No change was applied in the last 15 min.');
  });

  it('marks one second, and that it was exceeded', () => {
    expect(chart(88)).toContain('class="limit"');
    expect(chart(1_001)).toContain('class="limit crossed"');
  });

  it('has a gap where nothing was measured', () => {
    const path = /class="line" d="([^"]+)"/.exec(chart(40, 50, null, 60, 70))?.[1] ?? '';
    expect(path.match(/M/g)).toHaveLength(2);
  });

  it('stays within its frame whatever the latency', () => {
    const heights = [...chart(0, 5_000_000, 3).matchAll(/[ML](?:[\d.]+),([\d.]+)/g)].map(([, y]) => Number(y));
    expect(Math.min(...heights)).toBeGreaterThanOrEqual(0);
    expect(Math.max(...heights)).toBeLessThanOrEqual(160);
  });
});
