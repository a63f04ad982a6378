import { CHANGES_TOPIC } from '../../../functions/core/topics.ts';
import { compiledStages, type CompiledValue, STAGES, undefinedNames } from '../../support/compiled-stacks.ts';
import { functionId, imports, service } from '../../support/deployment.ts';
import { examineTemplate } from '../../support/examine-template.ts';

const { templateOf, propertiesOf } = compiledStages('functions');
const ofType = (stage: string, type: string) =>
  Object.values(templateOf(stage).Resources).filter((resource) => resource.Type === type);
/** What CloudFormation creates before a resource: what it depends on and refers to, and so on. */
function needsOf(stage: string, first: string): readonly string[] {
  const { Resources } = templateOf(stage);
  const found = new Set<string>();
  const visit = (id: string) => {
    const text = JSON.stringify(Resources[id]);
    const named = [...text.matchAll(/"(?:Ref|Fn::GetAtt)":\[?"(\w+)/g), ...text.matchAll(/\$\{(\w+)[.}]/g)];
    for (const need of [...named.map(([, name = '']) => name), ...[Resources[id]?.DependsOn ?? []].flat()]) {
      if (!(need in Resources) || found.has(need)) continue;
      found.add(need);
      visit(need);
    }
  };
  visit(first);
  return [...found];
}
const mappingsOf = (stage: string) => ofType(stage, 'AWS::Lambda::EventSourceMapping');

describe.each(STAGES)("the functions' stack of %s", (stage) => {
  it('refers only to resources, parameters and conditions that exist', () => {
    expect(undefinedNames(templateOf(stage))).toEqual([]);
  });

  it('has fewer than 200 resources', () => {
    expect(Object.keys(templateOf(stage).Resources).length).toBeLessThan(200);
  });

  it('passes the checks before a deployment', async () => {
    expect(await examineTemplate(stage, { functions: templateOf(stage) })).toEqual({ faults: [], unchecked: [] });
  });

  it('takes what the data stack has stored, at each deployment', () => {
    const parameters = Object.entries(templateOf(stage).Parameters ?? {});
    expect(parameters.map(([name]) => name)).toEqual(imports);
    for (const [name, parameter] of parameters) {
      expect(parameter).toEqual({
        Type: 'AWS::SSM::Parameter::Value<String>',
        Default: `/employee-streams/${stage}/${name}`,
      });
    }
  });

  it('invokes from Kafka without a batching window, and only after the topics exist', () => {
    expect(mappingsOf(stage)).toHaveLength(4);
    for (const { Properties, DependsOn } of mappingsOf(stage)) {
      expect(Properties.MaximumBatchingWindowInSeconds).toBe(0);
      expect(DependsOn).toContain('Provision');
    }
  });

  it('updates no other function before provision has succeeded', () => {
    const names = Object.keys(service.functions).filter((name) => name !== 'provision');
    for (const name of names) {
      expect([name, templateOf(stage).Resources[functionId(name)]?.DependsOn]).toEqual([
        ...[name, expect.arrayContaining(['Provision'])],
      ]);
    }
    expect(needsOf(stage, 'Provision')).toContain(functionId('provision'));
    expect(needsOf(stage, 'Provision')).not.toContain('Provision');
  });

  it('provisions again when migrations, topics or servers are others', () => {
    expect(propertiesOf(stage, 'Provision')).toMatchObject({
      SqlVersion: expect.stringMatching(/^[0-9a-f]{64}$/),
      TopicsVersion: expect.stringMatching(/^[0-9a-f]{64}$/),
      TopicPartitions: '6',
      KafkaCluster: { Ref: 'KafkaCluster' },
      SourceDatabase: { Ref: 'SourceDatabaseResourceId' },
      TargetDatabase: { Ref: 'TargetDatabaseResourceId' },
    });
  });

  it.each(['transform-csv', 'redrive'])('lets %s invoke itself', (name) => {
    expect(propertiesOf(stage, functionId(name)).RecursiveLoop).toBe('Allow');
  });

  it('lets no event of a schedule wait for longer than it is of use', () => {
    const ages = ofType(stage, 'AWS::Lambda::EventInvokeConfig').map(({ Properties }) => [
      Properties.FunctionName.Ref,
      Properties.MaximumEventAgeInSeconds,
    ]);
    const scheduled = ['poll-changes', 'reconcile-bucket', 'redrive', 'watch-replica'];
    expect(Object.fromEntries(ages)).toMatchObject({
      ...Object.fromEntries(scheduled.map((name) => [functionId(name), 60])),
      [functionId('verify-replica')]: 900,
    });
  });

  it('lets the framework configure the notification of this bucket and this function only', () => {
    const [policy] = propertiesOf(stage, 'IamRoleCustomResourcesLambdaExecution').Policies;
    const resources = policy.PolicyDocument.Statement.map(({ Resource }: CompiledValue) => Resource);
    expect(resources).toEqual([
      // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own variables.
      { 'Fn::Sub': 'arn:${AWS::Partition}:s3:::${SalaryBucket}' },
      { 'Fn::GetAtt': [functionId('transform-csv'), 'Arn'] },
      { 'Fn::GetAtt': ['NotificationLogGroup', 'Arn'] },
    ]);
  });

  it('has a deployment bucket that is blocked, versioned and cleaned up', () => {
    expect(propertiesOf(stage, 'ServerlessDeploymentBucket')).toMatchObject({
      PublicAccessBlockConfiguration: { BlockPublicAcls: true, RestrictPublicBuckets: true },
      VersioningConfiguration: { Status: 'Enabled' },
      LifecycleConfiguration: { Rules: [{ NoncurrentVersionExpiration: { NoncurrentDays: 30 } }] },
    });
  });
});

describe('prod', () => {
  it('polls with a fixed number of pollers, all in one unit, and measures their errors', () => {
    const configs = mappingsOf('prod').map(({ Properties }) => Properties.ProvisionedPollerConfig);
    for (const config of configs) expect(config.MinimumPollers).toBe(config.MaximumPollers);
    expect(new Set(configs.map(({ PollerGroupName }) => PollerGroupName))).toEqual(new Set(['employee-streams-prod']));
    const pollers = configs.reduce((sum, { MaximumPollers }) => sum + MaximumPollers, 0);
    expect(pollers).toBeLessThanOrEqual(10);
    for (const { Properties } of mappingsOf('prod')) {
      expect(Properties.MetricsConfig.Metrics).toEqual(expect.arrayContaining(['ErrorCount', 'KafkaMetrics']));
    }
  });

  it('has an instance of apply-changes ready for each poller', () => {
    const [mapping] = mappingsOf('prod').filter(({ Properties }) => Properties.Topics[0] === CHANGES_TOPIC);
    const ready = Object.values(templateOf('prod').Resources).flatMap(
      ({ Properties }) => Properties?.ProvisionedConcurrencyConfig?.ProvisionedConcurrentExecutions ?? [],
    );
    expect(ready.map(Number)).toContain(mapping?.Properties.ProvisionedPollerConfig.MaximumPollers);
  });

  it('reserves concurrency for each function that could take it from another one', () => {
    const reserved = (name: string) => propertiesOf('prod', functionId(name)).ReservedConcurrentExecutions;
    expect(reserved('transform-csv')).toBe(20);
    expect(reserved('apply-changes')).toBeGreaterThanOrEqual(6);
    expect(reserved('load-salaries')).toBeGreaterThanOrEqual(4);
    // The current poller, and its successor while the lease is transferred.
    expect(reserved('poll-changes')).toBe(2);
  });
});

test('dev fits into a new account: it reserves no concurrency and has no provisioned pollers', () => {
  for (const { Properties } of ofType('dev', 'AWS::Lambda::Function')) {
    expect(Properties.ReservedConcurrentExecutions).toBeUndefined();
  }
  for (const { Properties } of mappingsOf('dev')) {
    expect(Properties).not.toHaveProperty('ProvisionedPollerConfig');
    expect(Properties).not.toHaveProperty('MetricsConfig');
  }
});

test('an alarm watches the disks of brokers, which only provisioned Kafka has', () => {
  expect(propertiesOf('prod', 'KafkaStorageHigh')).toBeUndefined();
  const { Metrics, ...alarm } = propertiesOf('dev', 'KafkaStorageHigh');
  expect(alarm).toMatchObject({
    Threshold: 80,
    AlarmActions: [{ Ref: 'AlarmTopic' }],
    OKActions: [{ Ref: 'AlarmTopic' }],
  });
  const brokers = Metrics.flatMap(({ MetricStat }: CompiledValue) => MetricStat?.Metric.Dimensions ?? []);
  expect(brokers).toContainEqual({ Name: 'Cluster Name', Value: 'employee-streams-dev' });
  expect(brokers).toContainEqual({ Name: 'Broker ID', Value: '3' });
});
