import { Metrics } from '@aws-lambda-powertools/metrics';
import type { LatencySummary } from '../core/latency.ts';
import { FUNCTION_DIMENSION, type LatencyMetrics, METRICS_NAMESPACE, type Metric } from './metrics.ts';

/** Smaller: hundreds of lines a second in the log, which cost more than the batches. Larger: later metrics. */
const PUBLISH_INTERVAL_MS = 1_000;
/** CloudWatch accepts 100 values of a metric in one line, at which Powertools would publish by itself. */
const MAX_VALUES = 90;

interface Recorded {
  readonly metric: Metric;
  values: number[];
}

/**
 * The metrics of one function instance, published as one line for all invocations of a second. A count of something that
 * needs attention is published with its invocation. The rest of a burst is published with the next invocation.
 */
export class MetricRecorder {
  readonly #metrics: Metrics;
  readonly #monotonicMs: () => number;
  readonly #recorded = new Map<string, Recorded>();
  #publishedAtMs = Number.NEGATIVE_INFINITY;
  #isUrgent = false;

  constructor(serviceName: string, monotonicMs: () => number = () => performance.now()) {
    this.#metrics = new Metrics({ namespace: METRICS_NAMESPACE, serviceName });
    this.#monotonicMs = monotonicMs;
  }

  /** Counts of one line are added up. Of a level or an age the latest value stays, and of a duration each one. */
  add(metric: Metric, value: number): void {
    const recorded = this.#recorded.get(metric.name) ?? { metric, values: [] };
    const [previous = 0] = recorded.values;
    if (metric.unit === 'Milliseconds') recorded.values.push(value);
    else recorded.values = [metric.unit === 'Count' ? previous + value : value];
    this.#recorded.set(metric.name, recorded);
    if ((!metric.canWait && value !== 0) || recorded.values.length >= MAX_VALUES) this.#isUrgent = true;
  }

  /** Adds nothing for a batch without a known latency. */
  addLatency(metrics: LatencyMetrics, latency: LatencySummary | undefined): void {
    if (latency === undefined) return;
    this.add(metrics.p50, latency.p50Ms);
    this.add(metrics.p99, latency.p99Ms);
    this.add(metrics.max, latency.greatestMs);
  }

  /** To be called at the end of each invocation, also of one that fails. */
  publishWhenDue(functionName: string): void {
    const nowMs = this.#monotonicMs();
    const isDue = this.#isUrgent || nowMs - this.#publishedAtMs >= PUBLISH_INTERVAL_MS;
    if (!isDue || this.#recorded.size === 0) return;
    for (const { metric, values } of this.#recorded.values()) {
      for (const value of values) this.#metrics.addMetric(metric.name, metric.unit, value);
    }
    this.#metrics.addDimension(FUNCTION_DIMENSION, functionName);
    this.#metrics.publishStoredMetrics();
    this.#recorded.clear();
    this.#publishedAtMs = nowMs;
    this.#isUrgent = false;
  }
}
