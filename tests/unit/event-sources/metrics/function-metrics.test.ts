import { MetricRecorder } from '../../../../functions/runtime/metric-recorder.ts';
import { CHANGE_LATENCY, METRIC } from '../../../../functions/runtime/metrics.ts';
import { FunctionMetrics } from '../../../../localstack/event-sources/metrics/function-metrics.ts';
import { captureOutput } from '../../../support/captured-output.ts';

/** What the functions print with Powertools. */
function linesOf(record: (recorder: MetricRecorder) => void): string[] {
  const output = captureOutput();
  const recorder = new MetricRecorder('apply-changes');
  record(recorder);
  recorder.publishWhenDue('stage-apply-changes');
  return output.restore().map((line) => JSON.stringify(line));
}

/** The samples without comments, ascending. */
async function samplesOf(metrics: FunctionMetrics): Promise<string[]> {
  const text = await metrics.text();
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .sort();
}

const LABELS = 'service="apply-changes",function="stage-apply-changes"';

let metrics: FunctionMetrics;
beforeEach(() => {
  metrics = new FunctionMetrics();
});

test('counts become counters, which add up', async () => {
  for (const changes of [3, 4]) {
    for (const line of linesOf((recorder) => recorder.add(METRIC.changesApplied, changes))) metrics.record(line);
  }
  expect(await metrics.text()).toContain('# TYPE employee_streams_changes_applied_total counter');
  expect(await samplesOf(metrics)).toEqual([`employee_streams_changes_applied_total{${LABELS}} 7`]);
});

test('each value of a duration is observed in seconds, also those of several batches in one line', async () => {
  const [line = ''] = linesOf((recorder) => {
    recorder.addLatency(CHANGE_LATENCY, { p50Ms: 4, p99Ms: 80, greatestMs: 90 });
    recorder.addLatency(CHANGE_LATENCY, { p50Ms: 6, p99Ms: 1_200, greatestMs: 1_300 });
  });
  metrics.record(line);
  const samples = await samplesOf(metrics);
  const p99 = (name: string, rest = '') => `employee_streams_change_latency_p99_seconds_${name}{${rest}${LABELS}}`;
  expect(samples).toContain(`${p99('count')} 2`);
  expect(samples).toContain(`${p99('sum')} 1.28`);
  expect(samples).toContain(`${p99('bucket', 'le="0.1",')} 1`);
  expect(samples).toContain(`${p99('bucket', 'le="1",')} 1`);
  expect(samples).toContain(`${p99('bucket', 'le="2.5",')} 2`);
});

test('levels and ages become gauges with the latest value', async () => {
  for (const value of [5, 0]) {
    const lines = linesOf((recorder) => {
      recorder.add(METRIC.replicaDifferences, value);
      recorder.add(METRIC.verificationAge, value + 60);
    });
    for (const line of lines) metrics.record(line);
  }
  expect(await samplesOf(metrics)).toEqual([
    `employee_streams_replica_differences{${LABELS}} 0`,
    `employee_streams_verification_age_seconds{${LABELS}} 60`,
  ]);
});

test('a metric with other dimensions or another unit than before does no harm', async () => {
  const line = (unit: string, dimension: string) =>
    JSON.stringify({
      _aws: {
        CloudWatchMetrics: [{ Namespace: 'N', Dimensions: [[dimension]], Metrics: [{ Name: 'Age', Unit: unit }] }],
      },
      ...{ [dimension]: 'x', Age: 2 },
    });
  for (const [unit, dimension] of [
    ['Seconds', 'a'],
    ['Milliseconds', 'a'],
    ['Seconds', 'b'],
  ] as const) {
    metrics.record(line(unit, dimension));
  }
  expect(await samplesOf(metrics)).toEqual(['n_age_seconds{a=""} 2', 'n_age_seconds{a="x"} 2']);
});

test.each(['', 'no JSON', 'null', '7', '{"level":"INFO"}', '{"_aws":null}', '{"_aws":{}}'])(
  '%j is ignored',
  async (line) => {
    metrics.record(line);
    expect(await samplesOf(metrics)).toEqual([]);
  },
);
