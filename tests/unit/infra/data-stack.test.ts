import {
  compiledStages,
  type CompiledValue,
  compileStack,
  STAGES,
  undefinedNames,
} from '../../support/compiled-stacks.ts';
import { imports } from '../../support/deployment.ts';
import { examineTemplate } from '../../support/examine-template.ts';

const { templateOf, propertiesOf } = compiledStages('data');
const ofType = (stage: string, type: string) =>
  Object.entries(templateOf(stage).Resources).filter(([, resource]) => resource.Type === type);

describe.each(STAGES)('the data stack of %s', (stage) => {
  it('refers only to resources, parameters and conditions that exist', () => {
    expect(undefinedNames(templateOf(stage))).toEqual([]);
  });

  it('has fewer than 200 resources', () => {
    expect(Object.keys(templateOf(stage).Resources).length).toBeLessThan(200);
  });

  it('passes the checks before a deployment, and fails them in a network that is too small', async () => {
    expect(await examineTemplate(stage, { data: templateOf(stage) })).toEqual({ faults: [], unchecked: [] });
    const small = JSON.stringify(templateOf(stage)).replaceAll('10.20.0.0/16', '10.20.0.0/21');
    const { faults } = await examineTemplate(stage, { data: JSON.parse(small) });
    expect(faults).toEqual([expect.stringContaining('Expected a network of at least /20')]);
  });

  it('stores every value that the functions and the operators take', () => {
    const names = ofType(stage, 'AWS::SSM::Parameter').map(([, { Properties }]) => Properties.Name);
    const forOperators = ['SourceDatabaseHost', 'TargetDatabaseHost', 'VpcId', 'RouteTable'];
    expect(names).toEqual([...imports, ...forOperators].map((name) => `/employee-streams/${stage}/${name}`));
  });

  it('keeps bucket and table when it is removed, except those that a failed deployment has created', () => {
    for (const id of ['SalaryBucket', 'OffsetTable', 'AccessLogBucket']) {
      const policies = { DeletionPolicy: 'RetainExceptOnCreate', UpdateReplacePolicy: 'Retain' };
      expect(templateOf(stage).Resources[id]).toMatchObject(policies);
    }
  });

  it('takes a snapshot of a database before it deletes it', () => {
    for (const [, database] of ofType(stage, 'AWS::RDS::DBInstance')) {
      expect(database).toMatchObject({ DeletionPolicy: 'Snapshot', UpdateReplacePolicy: 'Snapshot' });
    }
  });

  it('creates the bucket only when none is given, with the account and the region in its name', () => {
    expect(templateOf(stage).Conditions?.['CreateBucket']).toEqual({ 'Fn::Equals': [{ Ref: 'ExistingBucket' }, ''] });
    const ofBucket = ['SalaryBucket', 'SalaryBucketPolicy', 'AccessLogBucket', 'AccessLogBucketPolicy'];
    for (const id of ofBucket) expect(templateOf(stage).Resources[id]?.Condition).toBe('CreateBucket');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own variables.
    const place = '${AWS::AccountId}-${AWS::Region}';
    expect(propertiesOf(stage, 'SalaryBucket').BucketName).toEqual({
      'Fn::Sub': `employee-streams-${stage}-salaries-${place}`,
    });
  });

  it('has buckets that are private, versioned, encrypted, reached by TLS only, and cleaned up', () => {
    for (const [id, { Properties }] of ofType(stage, 'AWS::S3::Bucket')) {
      expect(Object.values(Properties.PublicAccessBlockConfiguration)).toEqual([true, true, true, true]);
      expect(Properties).toMatchObject({ VersioningConfiguration: { Status: 'Enabled' } });
      expect(Properties.BucketEncryption).toBeDefined();
      expect(JSON.stringify(Properties.LifecycleConfiguration)).toContain('NoncurrentDays');
      const [, policy] =
        ofType(stage, 'AWS::S3::BucketPolicy').find(([, candidate]) => candidate.Properties.Bucket.Ref === id) ?? [];
      const denied = policy?.Properties.PolicyDocument.Statement.filter(
        ({ Effect }: CompiledValue) => Effect === 'Deny',
      );
      expect(String(denied?.[0].Condition.Bool['aws:SecureTransport'])).toBe('false');
    }
    expect(propertiesOf(stage, 'SalaryBucket').LoggingConfiguration).toBeDefined();
    const rules = propertiesOf(stage, 'SalaryBucket').LifecycleConfiguration.Rules;
    expect(rules.map(({ Id }: CompiledValue) => Id)).toContain('broken-uploads');
  });

  it('has databases with TLS, IAM sign-in, logs that expire, and both kinds of monitoring', () => {
    for (const [id, { Properties, DependsOn }] of ofType(stage, 'AWS::RDS::DBInstance')) {
      expect(Properties).toMatchObject({
        EnableIAMDatabaseAuthentication: true,
        EnablePerformanceInsights: true,
        MonitoringInterval: 60,
        PubliclyAccessible: false,
        ManageMasterUserPassword: true,
        AllowMajorVersionUpgrade: true,
        EnableCloudwatchLogsExports: ['postgresql'],
      });
      expect(DependsOn).toContain(`${id}LogGroup`);
      expect(propertiesOf(stage, `${id}LogGroup`)).toEqual({
        LogGroupName: `/aws/rds/instance/${Properties.DBInstanceIdentifier}/postgresql`,
        RetentionInDays: 30,
      });
      expect(propertiesOf(stage, Properties.DBParameterGroupName.Ref).Parameters).toEqual({ 'rds.force_ssl': '1' });
    }
  });

  it('describes every rule of a security group, and allows no inbound traffic from outside the VPC', () => {
    const resources = Object.values(templateOf(stage).Resources);
    const inbound = resources.flatMap(({ Type, Properties }) => [
      ...(Properties?.SecurityGroupIngress ?? []),
      ...(Type.endsWith('SecurityGroupIngress') ? [Properties] : []),
    ]);
    const outbound = resources.flatMap(({ Type, Properties }) => [
      ...(Properties?.SecurityGroupEgress ?? []),
      ...(Type.endsWith('SecurityGroupEgress') ? [Properties] : []),
    ]);
    expect(inbound.length + outbound.length).toBeGreaterThan(10);
    expect([...inbound, ...outbound].filter(({ Description }) => !Description)).toEqual([]);
    const addresses = inbound.filter((rule) => 'CidrIp' in rule || 'CidrIpv6' in rule);
    expect(addresses).toEqual([propertiesOf(stage, 'ApplicationCidrToSource')]);
    expect(resources.filter(({ Type }) => Type.includes('InternetGateway'))).toEqual([]);
    // Without a rule, CloudFormation allows all outbound traffic.
    for (const [, { Properties }] of ofType(stage, 'AWS::EC2::SecurityGroup')) {
      expect(Properties.SecurityGroupEgress.length).toBeGreaterThan(0);
    }
  });

  it('lets applications connect to the source only, and only when a parameter names them', () => {
    const { Resources, Conditions, Parameters } = templateOf(stage);
    const group = { 'Fn::GetAtt': ['SourceSecurityGroup', 'GroupId'] };
    expect(propertiesOf(stage, 'SourceDatabase').VPCSecurityGroups).toContainEqual(group);
    expect(propertiesOf(stage, 'TargetDatabase').VPCSecurityGroups).not.toContainEqual(group);
    for (const [id, condition, parameter, property] of [
      ['ApplicationGroupToSource', 'ApplicationsInGroup', 'ApplicationSecurityGroup', 'SourceSecurityGroupId'],
      ['ApplicationCidrToSource', 'ApplicationsInCidr', 'ApplicationCidr', 'CidrIp'],
    ] as const) {
      expect(Resources[id]).toMatchObject({
        Condition: condition,
        Properties: { GroupId: group, [property]: { Ref: parameter }, FromPort: 5432, ToPort: 5432 },
      });
      expect(Conditions?.[condition]).toEqual({ 'Fn::Not': [{ 'Fn::Equals': [{ Ref: parameter }, ''] }] });
      expect(Parameters?.[parameter]?.Default).toBe('');
    }
  });

  it('logs what the network rejects, and closes the default group', () => {
    expect(propertiesOf(stage, 'FlowLog')).toMatchObject({ ResourceType: 'VPC', TrafficType: 'REJECT' });
    const [policy] = propertiesOf(stage, 'FlowLogRole').Policies;
    const actions = policy.PolicyDocument.Statement.flatMap(({ Action }: CompiledValue) => Action);
    expect(actions.toSorted()).toEqual([
      ...['logs:CreateLogStream', 'logs:DescribeLogGroups', 'logs:DescribeLogStreams', 'logs:PutLogEvents'],
    ]);
    expect(propertiesOf(stage, 'ClosedDefaultGroup').GroupId).toEqual({
      'Fn::GetAtt': ['Vpc', 'DefaultSecurityGroup'],
    });
  });

  it('lets each endpoint reach the own resources only', () => {
    const endpoints = ofType(stage, 'AWS::EC2::VPCEndpoint');
    expect(endpoints).toHaveLength(5);
    for (const [, { Properties }] of endpoints) {
      for (const { Action, Resource } of Properties.PolicyDocument.Statement) {
        expect([Action].flat().filter((action: string) => action.includes('*'))).toEqual([]);
        expect([Resource].flat()).not.toContain('*');
      }
    }
  });

  it("lets custom resources answer through CloudFormation's own bucket", () => {
    const statements: CompiledValue[] = propertiesOf(stage, 'S3Endpoint').PolicyDocument.Statement;
    const [put] = statements.filter(({ Action }) => Action === 's3:PutObject');
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own variables.
    const arn = 'arn:${AWS::Partition}:s3:::cloudformation-custom-resource-response-${RegionWithoutDashes}/*';
    const region = { 'Fn::Join': ['', { 'Fn::Split': ['-', { Ref: 'AWS::Region' }] }] };
    expect(put.Resource).toEqual({ 'Fn::Sub': [arn, { RegionWithoutDashes: region }] });
  });

  it('asks for brokers without a resource, because the action has none', () => {
    const statements: CompiledValue[] = propertiesOf(stage, 'CustomResourceRole').Policies[0].PolicyDocument.Statement;
    const [asking] = statements.filter(({ Action }) => [Action].flat().includes('kafka:GetBootstrapBrokers'));
    expect(asking.Resource).toBe('*');
  });
});

test('dev is the cheap stage: two zones, endpoints in one, brokers and databases of the smallest kind', () => {
  expect(propertiesOf('dev', 'KafkaCluster')).toMatchObject({
    NumberOfBrokerNodes: { 'Fn::If': ['ThreeZones', 3, 2] },
    BrokerNodeGroupInfo: { InstanceType: 'kafka.t3.small', StorageInfo: { EBSStorageInfo: { VolumeSize: 10 } } },
    ClientAuthentication: { Sasl: { Iam: { Enabled: true } } },
    EncryptionInfo: { EncryptionInTransit: { ClientBroker: 'TLS', InCluster: true } },
  });
  expect(templateOf('dev').Parameters).toMatchObject({
    ZoneCount: { Default: '2' },
    EndpointsInOneZone: { Default: 'true' },
    Pollers: { Default: 'on-demand' },
  });
  const small = { DBInstanceClass: 'db.t4g.micro', MultiAZ: false, DeletionProtection: false };
  expect(propertiesOf('dev', 'TargetDatabase')).toMatchObject(small);
});

test('prod survives the loss of a zone and of an operator', () => {
  expect(templateOf('prod').Resources['KafkaCluster']?.Type).toBe('AWS::MSK::ServerlessCluster');
  expect(templateOf('prod').Parameters).toMatchObject({
    ZoneCount: { Default: '3' },
    EndpointsInOneZone: { Default: 'false' },
    Pollers: { Default: 'provisioned' },
  });
  const safe = { DBInstanceClass: 'db.t4g.medium', MultiAZ: true, DeletionProtection: true };
  expect(propertiesOf('prod', 'SourceDatabase')).toMatchObject(safe);
  expect(propertiesOf('prod', 'OffsetTable').DeletionProtectionEnabled).toBe(true);
});

test('parameters choose the bucket, the network, and for each database version, name and snapshot', async () => {
  const template = await compileStack('data', 'prod', {
    existingBucket: 'mine',
    cidr: '10.99.0.0/18',
    sourceDatabaseVersion: '19.2',
    targetInstance: 'target-2',
    targetSnapshot: 'before-the-mistake',
  });
  expect(template.Parameters?.['ExistingBucket']?.Default).toBe('mine');
  expect(template.Resources['Vpc']?.Properties.CidrBlock).toBe('10.99.0.0/18');
  expect(JSON.stringify(template.Resources)).not.toContain('10.20.');
  expect(template.Resources['SourceDatabase']?.Properties.EngineVersion).toBe('19.2');
  expect(template.Resources['SourceDatabaseParameters']?.Properties.Family).toEqual({
    // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation's own variables.
    'Fn::Sub': ['postgres${Major}', { Major: { 'Fn::Select': [0, { 'Fn::Split': ['.', '19.2'] }] } }],
  });
  const target = template.Resources['TargetDatabase']?.Properties;
  expect(target).toMatchObject({ EngineVersion: '18', DBInstanceIdentifier: 'employee-streams-prod-target-2' });
  expect(target.DBSnapshotIdentifier['Fn::If'][1]).toEqual({ Ref: 'TargetSnapshot' });
  expect(template.Parameters?.['TargetSnapshot']?.Default).toBe('before-the-mistake');
}, 300_000);
