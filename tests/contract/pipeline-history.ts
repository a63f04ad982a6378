import { LATENCY_BOUNDARIES_MS } from '../../functions/core/latency.ts';
import type { PipelineTick } from '../../functions/core/pipeline-tick.ts';
import type { PipelineHistory } from '../../functions/ports/pipeline-history.ts';

export interface PipelineHistoryUnderTest {
  readonly history: PipelineHistory;
  /** As the transaction of a batch does. */
  record(ticks: readonly PipelineTick[]): Promise<void>;
  close(): Promise<void>;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const NAME = 'apply-changes';

/** One batch of as many records as `counts` has, which are keyed by the upper boundary of their latency. */
function tick(second: number, counts: Readonly<Record<number, number>> = {}, fields: Partial<PipelineTick> = {}) {
  const latencyCounts = [...LATENCY_BOUNDARIES_MS, Number.POSITIVE_INFINITY].map((boundary) => counts[boundary] ?? 0);
  const boundaries = Object.keys(counts).map(Number);
  return {
    ...{ functionName: NAME, writer: 1, second, batches: 1, latencyCounts },
    records: latencyCounts.reduce((total, count) => total + count, 0),
    greatestMs: boundaries.length === 0 ? null : Math.max(...boundaries),
    ...fields,
  };
}

/** The contract of `PipelineHistory`. `make` returns an empty history. */
export function describePipelineHistory(name: string, make: () => Promise<PipelineHistoryUnderTest>): void {
  describe(`${name} as a pipeline history`, () => {
    let subject: PipelineHistoryUnderTest;
    let history: PipelineHistory;
    /** The beginning of the present minute, in seconds. */
    let minute: number;
    beforeEach(async () => {
      subject = await make();
      history = subject.history;
      minute = Math.floor(Date.now() / 1_000 / MINUTE) * MINUTE;
    });
    afterEach(() => subject.close());

    const records = async (functionName: string, seconds = 2 * HOUR) => {
      const { records: count } = await history.total(functionName, seconds);
      return count;
    };

    it('is empty without ticks', async () => {
      expect(await history.series(NAME, 15 * MINUTE, 10)).toEqual([]);
      expect(await history.total(NAME, MINUTE)).toMatchObject({ batches: 0, records: 0, latency: null });
    });

    it('adds up the instances of a function in steps, ascending, and leaves out steps without records', async () => {
      await subject.record([
        tick(minute - 300, { 50: 2 }),
        tick(minute - 299, { 100: 1 }),
        tick(minute - 299, { 25: 4 }, { writer: 2 }),
        tick(minute - 600, { 10: 1 }),
        tick(minute - 299, { 10000: 9 }, { functionName: 'load-salaries' }),
      ]);
      expect(await history.series(NAME, 15 * MINUTE, 10)).toEqual([
        {
          fromMs: (minute - 600) * 1_000,
          batches: 1,
          records: 1,
          latency: expect.objectContaining({ greatestMs: 10 }),
        },
        {
          fromMs: (minute - 300) * 1_000,
          batches: 3,
          records: 7,
          latency: expect.objectContaining({ greatestMs: 100 }),
        },
      ]);
      expect(await history.total('load-salaries', 15 * MINUTE)).toMatchObject({ batches: 1, records: 9 });
    });

    it('leaves out what is older than the span', async () => {
      await subject.record([tick(minute - 500, { 5: 1 }), tick(minute - 100, { 5: 2 })]);
      expect(await records(NAME, 300)).toBe(2);
      expect(await history.series(NAME, 300, 100)).toMatchObject([{ records: 2 }]);
    });

    it('replaces an earlier tick of the same instance and second', async () => {
      await subject.record([tick(minute, { 5: 10 })]);
      await subject.record([tick(minute, { 10: 3 }), tick(minute - 1, { 10: 1 })]);
      await subject.record([]);
      expect(await records(NAME)).toBe(4);
    });

    it('interpolates the quantiles between the boundaries', async () => {
      await subject.record([tick(minute - 60, { 50: 80, 100: 20 }, { greatestMs: 90 })]);
      const { latency } = await history.total(NAME, 5 * MINUTE);
      // 50 of the 80 between 25 and 50 ms; 19 of the 20 between 75 and 90 ms.
      expect(latency?.p50Ms).toBeCloseTo(25 + (25 * 50) / 80);
      expect(latency?.p99Ms).toBeCloseTo(75 + (15 * 19) / 20);
      expect(latency?.greatestMs).toBe(90);
    });

    it('knows no bound of a latency above the last boundary but the greatest one', async () => {
      const infinite = { [Number.POSITIVE_INFINITY]: 2 };
      await subject.record([tick(minute - 60, infinite, { greatestMs: 90_000 })]);
      expect(await history.total(NAME, 5 * MINUTE)).toMatchObject({
        latency: { p50Ms: 50_000, p99Ms: expect.closeTo(89_200), greatestMs: 90_000 },
      });
    });

    it('has no latency of records whose origin is unknown', async () => {
      await subject.record([tick(minute - 60, {}, { records: 500 })]);
      expect(await history.total(NAME, 5 * MINUTE)).toMatchObject({ records: 500, latency: null });
    });

    it('adds up ticks of more than an hour ago to minutes, and leaves later ones', async () => {
      const old = minute - 90 * MINUTE;
      await subject.record([
        tick(old, { 5: 1 }),
        tick(old + 59, { 5: 1, 1000: 3 }),
        tick(old + 59, { 5: 1 }, { writer: 2 }),
        tick(minute - 30 * MINUTE, { 5: 1 }),
        tick(minute - 30 * MINUTE + 1, { 5: 1 }),
      ]);
      await thinAll();
      // Two ticks that were written late.
      await subject.record([tick(old + 7, { 250: 5 }, { writer: 3 }), tick(old + 8, { 5: 1 }, { writer: 3 })]);
      await thinAll();
      expect(await history.series(NAME, 2 * HOUR, 1)).toMatchObject([
        { fromMs: old * 1_000, batches: 5, records: 12, latency: { greatestMs: 1_000 } },
        { records: 1 },
        { records: 1 },
      ]);
    });

    it('deletes ticks of more than a day ago', async () => {
      await subject.record([tick(minute - 25 * HOUR, { 5: 1 }), tick(minute - 23 * HOUR, { 5: 1 })]);
      await thinAll();
      expect(await records(NAME, 48 * HOUR)).toBe(1);
    });

    async function thinAll(): Promise<void> {
      for (let steps = 0; await history.thin(); steps++) if (steps > 100) throw new Error('thin always has more to do');
    }
  });
}
