import { METRIC, METRICS_NAMESPACE } from '../../../functions/runtime/metrics.ts';
import { functionId, type Resource, resources, service } from '../../support/deployment.ts';

describe('alarms', () => {
  const alarms = [...resources.values()].filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm');
  /** The metric of an alarm; that of its expression, if it has one. */
  const metricOf = ({ Properties }: Resource) => Properties.Metrics?.[0].MetricStat.Metric ?? Properties;
  const dimension = (alarm: Resource, name: string): string | undefined =>
    metricOf(alarm).Dimensions.find(({ Name }: { Name: string }) => Name === name)?.Value;

  it('notify the alarm topic', () => {
    expect(alarms.length).toBeGreaterThan(10);
    for (const alarm of alarms) expect(alarm.Properties.AlarmActions).toEqual(['AlarmTopic']);
  });

  it('refer only to functions and metrics that exist', () => {
    const ids = Object.keys(service.functions).map(functionId);
    for (const alarm of alarms) {
      const ours = metricOf(alarm).Namespace === METRICS_NAMESPACE;
      expect(ids).toContain(dimension(alarm, ours ? 'function' : 'FunctionName'));
      if (!ours) continue;
      expect(Object.values(METRIC).map(({ name }) => name)).toContain(metricOf(alarm).MetricName);
      expect(functionId(dimension(alarm, 'service') ?? '')).toBe(dimension(alarm, 'function'));
    }
  });

  it.each([
    [METRIC.changeLatencyP99, 1_000, 5 * 60],
    [METRIC.pollerLeaseAge, 30, 5 * 60],
    [METRIC.replicaDifferences, 0, 5 * 60],
    [METRIC.salaryDifferences, 0, 5 * 60],
    [METRIC.verificationAge, 26 * 3_600, 5 * 60],
    [METRIC.openDeadLetterAge, 24 * 3_600, 5 * 60],
    [METRIC.deadLettersParked, 0, 5 * 60],
  ])('include one for $name above %d for %d seconds', ({ name }, threshold, seconds) => {
    const [alarm, ...others] = alarms.filter((each) => metricOf(each).MetricName === name);
    expect(others).toEqual([]);
    expect(alarm?.Properties).toMatchObject({ Threshold: threshold, ComparisonOperator: 'GreaterThanThreshold' });
    expect(alarm?.Properties.Period * alarm?.Properties.EvaluationPeriods).toBe(seconds);
  });

  it('include one for a backlog that grows, not for one that is worked off', () => {
    const [alarm] = alarms.filter((each) => metricOf(each).MetricName === METRIC.changesWaiting.name);
    const [, growing] = alarm?.Properties.Metrics ?? [];
    expect(growing.Expression).toMatch(/waiting > \d+ AND DIFF\(waiting\) > 0/);
  });

  it.each(Object.keys(service.functions).filter((name) => name !== 'provision'))(
    'include one for the errors of %s',
    (name) => {
      const found = alarms.filter(
        (alarm) => alarm.Properties.MetricName === 'Errors' && dimension(alarm, 'FunctionName') === functionId(name),
      );
      expect(found).toHaveLength(1);
    },
  );
});
