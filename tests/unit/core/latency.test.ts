import {
  countLatencies,
  LATENCY_BOUNDARIES_MS,
  latenciesSince,
  summarizeLatencies,
} from '../../../functions/core/latency.ts';

test('a latency is the time since the origin, and never negative when the clock of the source is ahead', () => {
  expect([...latenciesSince([900, 1_500, 1_000], 1_000)]).toEqual([0, 0, 100]);
});

test('the summary has the nearest ranks of the batch', () => {
  const latencies = latenciesSince(
    Array.from({ length: 200 }, (_, index) => -index - 1),
    0,
  );
  expect(summarizeLatencies(latencies)).toEqual({ p50Ms: 100, p99Ms: 198, greatestMs: 200 });
  expect(summarizeLatencies(latenciesSince([0], 7))).toEqual({ p50Ms: 7, p99Ms: 7, greatestMs: 7 });
  expect(summarizeLatencies(latenciesSince([], 7))).toBeUndefined();
});

test('a latency counts at the first boundary that it does not exceed', () => {
  const counts = Array<number>(LATENCY_BOUNDARIES_MS.length + 1).fill(0);
  countLatencies(Float64Array.of(0, 5, 5.1, 10, 60, 1_000, 1_001, 10_000, 10_001, 1e9), counts);
  expect(counts).toEqual([2, 2, 0, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0, 1, 2]);
});
