import { MetricRecorder } from '../../../functions/runtime/metric-recorder.ts';
import { CHANGE_LATENCY, METRIC } from '../../../functions/runtime/metrics.ts';
import { captureOutput } from '../../support/captured-output.ts';

let output: ReturnType<typeof captureOutput>;
let ms: number;
let recorder: MetricRecorder;
beforeEach(() => {
  output = captureOutput();
  ms = 0;
  recorder = new MetricRecorder('apply-changes', () => ms);
});
afterEach(() => {
  output.restore();
});

const publishAt = (at: number) => {
  ms = at;
  recorder.publishWhenDue('stage-apply-changes');
};

test('publishes the first invocation at once, in the embedded metric format', () => {
  recorder.add(METRIC.changesApplied, 3);
  publishAt(0);
  const [line] = output.restore();
  expect(line).toMatchObject({ service: 'apply-changes', function: 'stage-apply-changes', ChangesApplied: 3 });
  expect(line?.['_aws']).toMatchObject({
    CloudWatchMetrics: [
      {
        Namespace: 'EmployeeStreams',
        Dimensions: [['service', 'function']],
        Metrics: [{ Name: 'ChangesApplied', Unit: 'Count' }],
      },
    ],
  });
});

test('publishes the invocations of a second as one line: sums, and each value of a duration', () => {
  recorder.add(METRIC.changesApplied, 1);
  publishAt(0);
  for (const at of [100, 900, 1_000]) {
    recorder.add(METRIC.changesApplied, 2);
    recorder.add(METRIC.recordsDeadLettered, 0);
    recorder.addLatency(CHANGE_LATENCY, { p50Ms: at, p99Ms: at + 1, greatestMs: at + 2 });
    publishAt(at);
  }
  const lines = output.restore();
  expect(lines).toHaveLength(2);
  expect(lines[1]).toMatchObject({
    ...{ ChangesApplied: 6, RecordsDeadLettered: 0, ChangeLatencyP50: [100, 900, 1_000] },
    ...{ ChangeLatencyP99: [101, 901, 1_001], ChangeLatencyMax: [102, 902, 1_002] },
  });
});

test('publishes at once what needs attention', () => {
  recorder.add(METRIC.changesApplied, 1);
  publishAt(0);
  recorder.add(METRIC.changesApplied, 1);
  recorder.add(METRIC.recordsDeadLettered, 1);
  publishAt(10);
  expect(output.restore()).toHaveLength(2);
});

test('publishes before a metric has more values than CloudWatch accepts in one line', () => {
  recorder.add(METRIC.changesApplied, 1);
  publishAt(0);
  for (let batch = 0; batch < 150; batch++) {
    recorder.addLatency(CHANGE_LATENCY, { p50Ms: 1, p99Ms: 2, greatestMs: 3 });
    publishAt(batch);
  }
  const [, line, ...others] = output.restore();
  expect(others).toEqual([]);
  expect(line?.['ChangeLatencyP50']).toHaveLength(90);
  expect(line).toMatchObject({ function: 'stage-apply-changes' });
});

test('keeps the latest value of a level', () => {
  recorder.add(METRIC.replicaDifferences, 3);
  recorder.add(METRIC.replicaDifferences, 0);
  publishAt(0);
  expect(output.restore()).toMatchObject([{ ReplicaDifferences: 0 }]);
});

test('publishes nothing when nothing was recorded, and nothing twice', () => {
  publishAt(0);
  recorder.addLatency(CHANGE_LATENCY, undefined);
  publishAt(0);
  recorder.add(METRIC.gapsFound, 1);
  publishAt(5_000);
  publishAt(10_000);
  expect(output.restore()).toHaveLength(1);
});
