import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { METRIC, METRICS_NAMESPACE } from '../../../functions/runtime/metrics.ts';
import { periodOfRate, reconcilePeriod, secondsOfRate } from '../../../infra/schedule-periods.js';
import { functionId, imports, type Resource, resources, service, stages } from '../../support/deployment.ts';

const alarms = new Map([...resources].filter(([, { Type }]) => Type === 'AWS::CloudWatch::Alarm'));
type Metric = { Namespace: string; MetricName: string; Dimensions: { Name: string; Value: string }[] };
/** The metrics of an alarm; those of its expression, if it has one. */
const metricsOf = ({ Properties }: Resource): Metric[] =>
  Properties.Metrics?.flatMap((each: { MetricStat?: { Metric: Metric } }) => each.MetricStat?.Metric ?? []) ?? [
    Properties,
  ];
const dimension = ({ Dimensions }: Metric, name: string) => Dimensions.find(({ Name }) => Name === name)?.Value;
const alarmsOf = (metric: string) =>
  [...alarms.values()].filter((alarm) => metricsOf(alarm).some(({ MetricName }) => MetricName === metric));
const functionAlarms = (metric: string, name: string) =>
  alarmsOf(metric).filter((alarm) =>
    metricsOf(alarm).some((each) => dimension(each, 'FunctionName') === functionId(name)),
  );
/** In seconds. A period that follows a schedule is computed at the deployment, from the rate of the stage. */
function periodOf({ Properties }: Resource): number {
  const { Period } = Properties;
  if (typeof Period === 'number') return Period;
  const [, name = ''] = /schedule-periods\.js\):(\w+)Period\}/.exec(String(Period)) ?? [];
  return periodOfRate(String(stages['default']?.[`${name}Rate`]));
}

describe('every alarm', () => {
  it('notifies the alarm topic, also when it is over', () => {
    expect(alarms.size).toBeGreaterThan(45);
    for (const [name, { Properties }] of alarms) {
      expect([name, Properties.AlarmActions, Properties.OKActions]).toEqual([name, ['AlarmTopic'], ['AlarmTopic']]);
    }
  });

  it('is about something that exists', () => {
    const functions = Object.keys(service.functions).map(functionId);
    const names = Object.values(METRIC).map(({ name }) => name);
    for (const metric of [...alarms.values()].flatMap(metricsOf)) {
      if (metric.Namespace === METRICS_NAMESPACE) {
        expect(names).toContain(metric.MetricName);
        expect(functions).toContain(dimension(metric, 'function'));
        expect(functionId(dimension(metric, 'service') ?? '')).toBe(dimension(metric, 'function'));
      } else {
        const [value] = metric.Dimensions.map(({ Value }) => Value);
        const isMapping = /^(Load|Apply|Index)Dash\w+EventSourceMappingMSKKafkaCluster\w+$/.test(value ?? '');
        expect(value === undefined || isMapping || [...functions, ...imports].includes(value)).toBe(true);
      }
    }
  });

  it('says what to do, and has its row in the runbook', () => {
    const runbook = readFileSync(join(__dirname, '../../../docs/alarms.md'), 'utf8');
    const rows = [...runbook.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    expect(rows.toSorted()).toEqual([...alarms.keys(), 'DatabaseEvents', 'KafkaStorageHigh'].sort());
    for (const [name, { Properties }] of alarms) {
      // What has happened and what to do, as two sentences, within what CloudWatch accepts.
      expect([name, Properties.AlarmDescription]).toEqual([name, expect.stringMatching(/^.{20,900}[.:] \S.{10,}$/)]);
    }
  });

  it('is on the dashboard of CloudWatch', () => {
    const body = String(resources.get('MetricsDashboard')?.Properties.DashboardBody);
    const named = [...body.matchAll(/"\$\{(\w+)\.Arn\}"/g)].map(([, name]) => name);
    expect(named.toSorted()).toEqual([...alarms.keys()].sort());
  });
});

describe('the dashboard of CloudWatch', () => {
  it('is JSON, and shows metrics and functions that exist', () => {
    const body = String(resources.get('MetricsDashboard')?.Properties.DashboardBody);
    const { widgets } = JSON.parse(body) as { widgets: { properties: { metrics?: unknown[][] } }[] };
    const shown = widgets.flatMap(({ properties }) => properties.metrics ?? []);
    const own = shown.filter(([namespace]) => namespace === METRICS_NAMESPACE).map(([, name]) => name);
    expect(own.filter((name) => !Object.values(METRIC).some((metric) => metric.name === name))).toEqual([]);
    const errors = shown.filter(([, name]) => name === 'Errors').map(([, , , id]) => id);
    expect(errors).toEqual(Object.keys(service.functions).map((name) => `\${${functionId(name)}}`));
  });
});

describe('the alarms include', () => {
  it.each([
    [METRIC.changeLatencyP99, 1_000, 5 * 60],
    [METRIC.pollerLeaseAge, 30, 5 * 60],
    [METRIC.replicaDifferences, 0, 5 * 60],
    [METRIC.salaryDifferences, 0, 5 * 60],
    [METRIC.verificationAge, 26 * 3_600, 5 * 60],
    [METRIC.openDeadLetterAge, 24 * 3_600, 5 * 60],
    [METRIC.deadLettersParked, 0, 5 * 60],
    [METRIC.filesRejected, 0, 5 * 60],
  ])('one for $name above %d for %d seconds', ({ name }, threshold, seconds) => {
    const [alarm, ...others] = alarmsOf(name);
    expect(others).toEqual([]);
    expect(alarm?.Properties.ComparisonOperator).toBe('GreaterThanThreshold');
    const [, parameter] = /^\$\{param:(\w+)\}$/.exec(alarm?.Properties.Threshold) ?? [];
    expect(parameter === undefined ? alarm?.Properties.Threshold : stages['default']?.[parameter]).toBe(threshold);
    expect(alarm?.Properties.Period * alarm?.Properties.EvaluationPeriods).toBe(seconds);
  });

  it('one for a backlog that grows, not for one that is worked off', () => {
    const [, growing] = alarmsOf(METRIC.changesWaiting.name)[0]?.Properties.Metrics ?? [];
    expect(growing.Expression).toMatch(/waiting > \d+ AND DIFF\(waiting\) > 0/);
  });

  it.each(Object.keys(service.functions))('one for the errors of %s, which counts also the latest ones', (name) => {
    const [alarm, ...others] = functionAlarms('Errors', name);
    expect(others).toEqual([]);
    // A failure has the time at which its invocation began.
    const period = periodOf(alarm as Resource);
    const timeout = service.functions[name]?.timeout ?? 60;
    expect(period * alarm?.Properties.EvaluationPeriods).toBeGreaterThanOrEqual(timeout + period);
  });

  it.each(['load-salaries', 'apply-changes', 'transform-csv', 'poll-changes', 'reconcile-bucket'])(
    'one for %s being throttled',
    (name) => expect(functionAlarms('Throttles', name)).toHaveLength(1),
  );

  it.each(['transform-csv', 'redrive'])('one for events of %s that Lambda drops', (name) => {
    expect(functionAlarms('AsyncEventsDropped', name)).toHaveLength(1);
  });

  it.each([
    ['LoadDashsalaries', 1],
    ['ApplyDashchanges', 1],
    ['IndexDashdeadDashletters', 2],
  ])('one for the mapping of %s that cannot poll, invoke or commit, %d of them', (id, mappings) => {
    const found = [...alarms.values()].filter((alarm) =>
      metricsOf(alarm).some((each) => dimension(each, 'EventSourceMappingUUID')?.startsWith(id)),
    );
    expect(found).toHaveLength(1);
    expect(metricsOf(found[0] as Resource).map(({ MetricName }) => MetricName)).toEqual([
      ...Array.from({ length: mappings }, () => ['PollingErrorCount', 'InvokeErrorCount', 'CommitErrorCount']).flat(),
    ]);
  });

  it.each(['SourceDatabaseId', 'TargetDatabaseId'])('those of %s', (database) => {
    const found = [...alarms.values()].filter(
      (alarm) => dimension(metricsOf(alarm)[0] as Metric, 'DBInstanceIdentifier') === database,
    );
    expect(found.map((alarm) => metricsOf(alarm)[0]?.MetricName).sort()).toEqual([
      ...['CPUCreditBalance', 'DatabaseConnections', 'FreeStorageSpace', 'FreeableMemory', 'MaximumUsedTransactionIDs'],
    ]);
    const events = resources.get('DatabaseEvents')?.Properties;
    expect(events.SourceIds).toContain(database);
    expect(events.EventCategories).toEqual(expect.arrayContaining(['failover', 'failure', 'low storage']));
  });

  it('one for credits that are low and do not become more, as they do in a new database', () => {
    const expressions = alarmsOf('CPUCreditBalance').map(({ Properties }) => Properties.Metrics[1].Expression);
    expect(expressions).toEqual(Array.from({ length: 2 }, () => 'IF(credits < 20 AND DIFF(credits) <= 0, 1, 0)'));
  });

  it('those of the table and of the concurrency of the account', () => {
    expect(alarmsOf('WriteThrottleEvents')).toEqual(alarmsOf('ReadThrottleEvents'));
    expect(alarmsOf('WriteThrottleEvents')).toHaveLength(1);
    expect(alarmsOf('ClaimedAccountConcurrency')).toHaveLength(1);
  });
});

it('what publishes to the encrypted topic may use it and its key', () => {
  const publishers = ['cloudwatch.amazonaws.com', 'events.rds.amazonaws.com'];
  const policy = resources.get('AlarmTopicPolicy')?.Properties.PolicyDocument.Statement[0];
  expect([policy.Principal.Service, policy.Action]).toEqual([publishers, 'sns:Publish']);
  const [, key] = resources.get('AlarmKey')?.Properties.KeyPolicy.Statement ?? [];
  expect([key.Principal.Service, key.Action]).toEqual([publishers, ['kms:Decrypt', 'kms:GenerateDataKey*']]);
});

it('the log of a function is JSON, without the lines of Lambda about each invocation', () => {
  expect(service.provider.logs.lambda).toEqual({
    ...{ logFormat: 'JSON', applicationLogLevel: 'INFO', systemLogLevel: 'WARN' },
  });
});

describe('the period of an alarm about a schedule', () => {
  it.each([
    ['rate(1 minute)', 60],
    ['rate(5 minutes)', 300],
    ['rate(2 hours)', 7_200],
    ['rate(1 day)', 86_400],
  ])('follows %s', async (rate, seconds) => {
    expect(secondsOfRate(rate)).toBe(seconds);
    expect(await reconcilePeriod({ resolveVariable: async (name) => name === 'param:reconcileRate' && rate })).toBe(
      Math.max(600, 2 * seconds),
    );
  });

  it('is refused for a schedule that is no rate', () => {
    expect(() => secondsOfRate('cron(0 10 * * ? *)')).toThrow('expected a rate such as rate(5 minutes)');
  });

  it.each([...alarms.keys()])('of %s is one that CloudWatch accepts', (name) => {
    const alarm = alarms.get(name) as Resource;
    const { Properties } = alarm;
    const periods = (Properties.Metrics ?? []).flatMap(
      (each: { MetricStat?: { Period: number } }) => each.MetricStat?.Period ?? [],
    );
    const period = periods.length > 0 ? Math.max(...periods) : periodOf(alarm);
    expect(period % 60).toBe(0);
    expect(period * Properties.EvaluationPeriods).toBeLessThanOrEqual(period < 3_600 ? 86_400 : 7 * 86_400);
  });
});
