import { Counter, Gauge, Histogram, type MetricConfiguration, Registry } from 'prom-client';
import { snakeCase } from './metric-name.ts';

/** What one line in CloudWatch's embedded metric format says about its fields. */
interface Directive {
  readonly Namespace: string;
  /** Sets of names of fields. */
  readonly Dimensions: readonly (readonly string[])[];
  readonly Metrics: readonly { readonly Name: string; readonly Unit?: string }[];
}

type Fields = Readonly<Record<string, unknown>>;
type Labels = Readonly<Record<string, string>>;
type Recorder = (labels: Labels, value: number) => void;

/** The boundaries that OpenTelemetry recommends for durations of messaging operations, in seconds. */
const BOUNDARIES = [0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10];

/**
 * The metrics that functions print in CloudWatch's embedded metric format, as Prometheus has them: `Count` becomes
 * a counter, `Milliseconds` a histogram in seconds, and any other unit a gauge with the latest value. Dimensions become
 * labels.
 */
export class FunctionMetrics {
  readonly #registry = new Registry();
  /** By the name that Prometheus has. */
  readonly #recorders = new Map<string, Recorder>();

  /** A line that is not in the format is ignored. */
  record(line: string): void {
    const fields = parse(line);
    for (const { Namespace, Dimensions, Metrics } of directivesOf(fields)) {
      const labels = Object.fromEntries(Dimensions.flat().map((name) => [snakeCase(name), String(fields[name] ?? '')]));
      for (const { Name, Unit } of Metrics) {
        const values = [fields[Name]].flat().filter((value) => typeof value === 'number');
        const record = this.#recorderOf(Namespace, Name, Unit, Object.keys(labels));
        for (const value of values) record(labels, value);
      }
    }
  }

  /** In Prometheus' text format. */
  text(): Promise<string> {
    return this.#registry.metrics();
  }

  /** Prometheus needs the labels when a metric is created, so they are those of its first line. */
  #recorderOf(namespace: string, metric: string, unit: string | undefined, labelNames: readonly string[]): Recorder {
    const name = `${snakeCase(namespace)}_${snakeCase(metric)}${SUFFIXES[unit ?? ''] ?? ''}`;
    const known = this.#recorders.get(name);
    if (known !== undefined) return known;
    const help = `${metric} of CloudWatch namespace ${namespace}`;
    const record = createRecorder(unit, { name, help, labelNames, registers: [this.#registry] });
    const recorder: Recorder = (labels, value) =>
      record(Object.fromEntries(labelNames.map((label) => [label, labels[label] ?? ''])), value);
    this.#recorders.set(name, recorder);
    return recorder;
  }
}

const SUFFIXES: Readonly<Record<string, string>> = { Count: '_total', Milliseconds: '_seconds', Seconds: '_seconds' };

function createRecorder(unit: string | undefined, options: MetricConfiguration<string>): Recorder {
  if (unit === 'Count') {
    const counter = new Counter(options);
    return (labels, value) => counter.inc(labels, value);
  }
  if (unit === 'Milliseconds') {
    const histogram = new Histogram({ ...options, buckets: BOUNDARIES });
    return (labels, value) => histogram.observe(labels, value / 1_000);
  }
  const gauge = new Gauge(options);
  return (labels, value) => gauge.set(labels, value);
}

function parse(line: string): Fields {
  try {
    return Object(JSON.parse(line)) as Fields;
  } catch {
    return {};
  }
}

function directivesOf(fields: Fields): readonly Directive[] {
  return (fields['_aws'] as { readonly CloudWatchMetrics?: readonly Directive[] } | undefined)?.CloudWatchMetrics ?? [];
}
