import { LATENCY_BOUNDARIES_MS } from '../../functions/core/latency.ts';
import type { PipelineTick } from '../../functions/core/pipeline-tick.ts';
import type { HistoryLatency, HistorySpan, PipelineHistory } from '../../functions/ports/pipeline-history.ts';

const HOUR_SECONDS = 3_600;
const MINUTE_SECONDS = 60;
/** The writer of the sum of a minute. */
const SUM = 0;

/** The history in an array. `record` is what the transaction of a batch does with its ticks. */
export class InMemoryPipelineHistory implements PipelineHistory {
  readonly #nowMs: () => number;
  #ticks: PipelineTick[] = [];

  constructor(nowMs: () => number = Date.now) {
    this.#nowMs = nowMs;
  }

  get ticks(): readonly PipelineTick[] {
    return this.#ticks;
  }

  record(ticks: readonly PipelineTick[]): void {
    const ids = new Set(ticks.map(idOf));
    this.#ticks = [...this.#ticks.filter((tick) => !ids.has(idOf(tick))), ...ticks];
  }

  async series(functionName: string, seconds: number, stepSeconds: number): Promise<readonly HistorySpan[]> {
    const stepOf = (second: number) => Math.floor(second / stepSeconds) * stepSeconds;
    const first = stepOf(this.#nowMs() / 1_000 - seconds);
    const steps = Map.groupBy(this.#since(functionName, first), ({ second }) => stepOf(second));
    return [...steps].sort(([a], [b]) => a - b).map(([from, ticks]) => spanOf(from, ticks));
  }

  async total(functionName: string, seconds: number): Promise<HistorySpan> {
    const from = this.#nowMs() / 1_000 - seconds;
    return spanOf(from, this.#since(functionName, from));
  }

  async thin(): Promise<boolean> {
    const now = this.#nowMs() / 1_000;
    const lastMinute = minuteOf(now - HOUR_SECONDS);
    const kept = this.#ticks.filter(({ second }) => second >= now - 24 * HOUR_SECONDS);
    const isDone = ({ second, writer }: PipelineTick) => second >= lastMinute && writer !== SUM;
    const minutes = Map.groupBy(
      kept.filter((tick) => !isDone(tick)),
      ({ functionName, second }) => `${functionName} ${minuteOf(second)}`,
    );
    this.#ticks = [...kept.filter(isDone), ...[...minutes.values()].flatMap(addUp)];
    return false;
  }

  #since(functionName: string, second: number): PipelineTick[] {
    return this.#ticks.filter((tick) => tick.functionName === functionName && tick.second >= second);
  }
}

function idOf({ functionName, second, writer }: PipelineTick): string {
  return `${functionName} ${second} ${writer}`;
}

function minuteOf(second: number): number {
  return Math.floor(second / MINUTE_SECONDS) * MINUTE_SECONDS;
}

function addUp(ticks: readonly PipelineTick[]): PipelineTick[] {
  const [first] = ticks;
  if (first === undefined) return [];
  const { batches, records, greatestMs, latencyCounts } = sumOf(ticks);
  return [
    {
      ...{ functionName: first.functionName, writer: SUM, second: minuteOf(first.second) },
      ...{ batches, records, greatestMs, latencyCounts },
    },
  ];
}

function sumOf(ticks: readonly PipelineTick[]) {
  const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
  const known = ticks.flatMap(({ greatestMs }) => (greatestMs === null ? [] : [greatestMs]));
  return {
    batches: sum(ticks.map(({ batches }) => batches)),
    records: sum(ticks.map(({ records }) => records)),
    greatestMs: known.length === 0 ? null : Math.max(...known),
    latencyCounts: [...LATENCY_BOUNDARIES_MS, 0].map((_, bucket) =>
      sum(ticks.map(({ latencyCounts }) => latencyCounts[bucket] ?? 0)),
    ),
  };
}

function spanOf(from: number, ticks: readonly PipelineTick[]): HistorySpan {
  const { batches, records, greatestMs, latencyCounts } = sumOf(ticks);
  return { fromMs: from * 1_000, batches, records, latency: latencyOf(latencyCounts, greatestMs) };
}

function latencyOf(counts: readonly number[], greatestMs: number | null): HistoryLatency | null {
  if (greatestMs === null) return null;
  return { p50Ms: quantile(0.5, counts, greatestMs), p99Ms: quantile(0.99, counts, greatestMs), greatestMs };
}

function quantile(part: number, counts: readonly number[], greatestMs: number): number {
  const rank = part * counts.reduce((total, count) => total + count, 0);
  let counted = 0;
  for (const [bucket, count] of counts.entries()) {
    if (count > 0 && counted + count >= rank) {
      const lower = LATENCY_BOUNDARIES_MS[bucket - 1] ?? 0;
      const upper = Math.min(LATENCY_BOUNDARIES_MS[bucket] ?? greatestMs, greatestMs);
      return lower + ((upper - lower) * (rank - counted)) / count;
    }
    counted += count;
  }
  return greatestMs;
}
