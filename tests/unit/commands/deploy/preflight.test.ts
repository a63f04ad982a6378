import { AwsAccount } from '../../../../localstack/commands/deploy/account.ts';
import { examine } from '../../../../localstack/commands/deploy/preflight.ts';
import type { Template, TemplateResource } from '../../../../localstack/commands/deploy/template.ts';
import { FakeAws, FRESH_ACCOUNT } from '../../../support/fake-aws.ts';

const PLACE = { accountId: '123456789012', region: 'eu-west-1' };
const BUCKET = 'employee-streams-dev-salaries-123456789012-eu-west-1';

const DATA: Readonly<Record<string, TemplateResource>> = {
  Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.20.0.0/16' } },
  SubnetA: { Type: 'AWS::EC2::Subnet', Properties: { CidrBlock: '10.20.0.0/20' } },
  SubnetB: { Type: 'AWS::EC2::Subnet', Properties: { CidrBlock: '10.20.16.0/20' } },
  Database: {
    Type: 'AWS::RDS::DBInstance',
    Properties: { DBInstanceClass: 'db.t4g.medium', EngineVersion: '18', MultiAZ: true, BackupRetentionPeriod: 14 },
  },
  Bucket: {
    Type: 'AWS::S3::Bucket',
    Properties: {
      // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation replaces these.
      BucketName: { 'Fn::Sub': 'employee-streams-dev-salaries-${AWS::AccountId}-${AWS::Region}' },
    },
  },
};

const FUNCTIONS: Readonly<Record<string, TemplateResource>> = {
  Poll: {
    Type: 'AWS::Lambda::Function',
    Properties: { FunctionName: 'employee-streams-dev-poll-changes', ReservedConcurrentExecutions: 2 },
  },
  Apply: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'employee-streams-dev-apply-changes' } },
  Alias: {
    Type: 'AWS::Lambda::Alias',
    Properties: {
      FunctionName: { Ref: 'Apply' },
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 3 },
    },
  },
  Logs: { Type: 'AWS::Logs::LogGroup', Properties: { RetentionInDays: 30 } },
};

const aws = new FakeAws();
let account: AwsAccount;

beforeAll(async () => {
  Object.assign(process.env, await aws.start());
  account = new AwsAccount(PLACE.region);
});
beforeEach(() => {
  aws.account = FRESH_ACCOUNT;
});
afterAll(async () => {
  account.close();
  await aws.stop();
});

/** The faults of a deployment with other properties of one resource. */
async function faultsWith(
  change: { readonly resource?: string; readonly properties?: object; readonly template?: Partial<Template> } = {},
): Promise<readonly string[]> {
  const { resource = '', properties = {}, template = {} } = change;
  const changed = (resources: Readonly<Record<string, TemplateResource>>): Template => {
    const before = resources[resource];
    if (before === undefined) return { Resources: resources, ...template };
    const after = { ...before, Properties: { ...before.Properties, ...properties } };
    return { Resources: { ...resources, [resource]: after }, ...template };
  };
  const deployment = { stage: 'dev', place: PLACE, data: changed(DATA), functions: changed(FUNCTIONS) };
  const { faults, unchecked } = await examine(deployment, account);
  expect(unchecked).toEqual([]);
  return faults;
}

it('finds nothing to refuse in a fresh account with the usual quota, and asks for nothing that changes it', async () => {
  expect(await faultsWith()).toEqual([]);
  expect(aws.unexpected).toEqual([]);
});

describe('the quota of concurrent executions', () => {
  it('is too small in a new account, where all of it must stay unreserved', async () => {
    aws.account = { ...FRESH_ACCOUNT, concurrency: { total: 10, unreserved: 10 } };
    const [fault, ...others] = await faultsWith();
    expect(others).toEqual([]);
    expect(fault).toContain('reserve 2 concurrent executions and keep 3 ready, but only 0 are available');
    expect(fault).toContain('quota of at least 105');
    expect(fault).toContain('--quota-code L-B99A9384');
  });

  it.each([
    [105, []],
    [104, [expect.stringContaining('only 4 are available')]],
  ])('of %s leaves 100 unreserved', async (total, expected) => {
    aws.account = { ...FRESH_ACCOUNT, concurrency: { total, unreserved: total } };
    expect(await faultsWith()).toEqual(expected);
  });

  it('counts what other functions reserve, and not what this stage has reserved before', async () => {
    const concurrency = { total: 115, unreserved: 103 };
    aws.account = { ...FRESH_ACCOUNT, concurrency };
    expect(await faultsWith()).toEqual([expect.stringContaining('other functions reserve 12')]);
    aws.account = { ...FRESH_ACCOUNT, concurrency, reserved: { 'employee-streams-dev-poll-changes': 2 } };
    expect(await faultsWith()).toEqual([]);
  });

  it('includes the ready instances of a function in what it reserves', async () => {
    aws.account = { ...FRESH_ACCOUNT, concurrency: { total: 106, unreserved: 106 } };
    expect(await faultsWith({ resource: 'Apply', properties: { ReservedConcurrentExecutions: 4 } })).toEqual([]);
  });
});

describe('a parameter', () => {
  it.each([
    ['Vpc', { CidrBlock: '10.20.0.0/8' }, 'between /16 and /28, such as 10.20.0.0/16, found "10.20.0.0/8"'],
    ['Vpc', { CidrBlock: '10.300.0.0/16' }, 'found "10.300.0.0/16"'],
    ['Vpc', { CidrBlock: '10.20.1.0/16' }, 'it would begin at 10.20.0.0'],
    ['Vpc', { CidrBlock: '10.30.0.0/16' }, 'The subnet 10.20.0.0/20 is outside of the VPC 10.30.0.0/16'],
    ['SubnetB', { CidrBlock: '10.20.8.0/21' }, 'The subnets 10.20.0.0/20 and 10.20.8.0/21 overlap'],
    ['Database', { DBInstanceClass: 't4g.medium' }, 'Expected a class of databases such as db.t4g.medium'],
    ['Database', { DBInstanceClass: 'db.r99.huge' }, 'RDS has no PostgreSQL of class db.r99.huge in eu-west-1'],
    [
      'Database',
      { EngineVersion: '18.9' },
      'RDS has no PostgreSQL 18.9 of class db.t4g.medium in eu-west-1. It has 17.7, 18.1',
    ],
    ['Database', { EngineVersion: 'latest' }, 'Expected a version of PostgreSQL such as 18 or 18.1, found "latest"'],
    ['Database', { BackupRetentionPeriod: 40 }, 'Backups of a database are kept for 1 to 35 days, found 40'],
    ['Logs', { RetentionInDays: 31 }, 'Logs cannot be kept for 31 days. CloudWatch accepts 1, 3, 5'],
    ['Bucket', { BucketName: `${BUCKET}-with-a-suffix` }, 'choose another name'],
    ['Bucket', { BucketName: 'Not-A-Bucket' }, 'The name of a bucket cannot be "Not-A-Bucket"'],
    ['Poll', { FunctionName: 'f'.repeat(65) }, 'The name of a function has at most 64 characters'],
  ])('of %s that cannot work is refused: %j', async (resource, properties, reason) => {
    aws.account = { ...FRESH_ACCOUNT, buckets: { [`${BUCKET}-with-a-suffix`]: 403 } };
    const faults = await faultsWith({ resource, properties });
    expect(faults.join('\n')).toContain(reason);
  });

  it('of a network that is too small for its subnets is refused, also when CloudFormation divides it', async () => {
    const subnet = (index: number) => ({
      CidrBlock: { 'Fn::Select': [index, { 'Fn::Cidr': ['10.20.0.0/21', 3, 10] }] },
    });
    const Resources = {
      Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: '10.20.0.0/21' } },
      SubnetB: { Type: 'AWS::EC2::Subnet', Properties: subnet(1) },
      SubnetC: { Type: 'AWS::EC2::Subnet', Properties: subnet(2) },
    };
    const deployment = { stage: 'dev', place: PLACE, data: { Resources }, functions: { Resources: {} } };
    expect((await examine(deployment, account)).faults).toEqual([
      'Expected a network of at least /20, which has 3 subnets of 1024 addresses, found "10.20.0.0/21".',
    ]);
  });

  it('that makes the name of the bucket too long says how long the stage may be', async () => {
    const BucketName = `employee-streams-dev-salaries-${'x'.repeat(34)}`;
    expect(await faultsWith({ resource: 'Bucket', properties: { BucketName } })).toEqual([
      expect.stringContaining('Choose a stage of at most 2 characters, or give the bucket another name'),
    ]);
  });

  it('of a resource that is not created is not checked', async () => {
    const template = { Conditions: { Create: { 'Fn::Equals': [{ Ref: 'Existing' }, ''] } } };
    const resources = { Bucket: { Type: 'AWS::S3::Bucket', Condition: 'Create', Properties: { BucketName: 'No' } } };
    const deployment = (existing: string) => ({
      ...{ stage: 'dev', place: PLACE, functions: { Resources: {} } },
      data: { ...template, Parameters: { Existing: { Default: existing } }, Resources: resources },
    });
    expect((await examine(deployment('mine'), account)).faults).toEqual([]);
    expect((await examine(deployment(''), account)).faults).toHaveLength(1);
  });
});

describe('the account', () => {
  it.each([
    ['ROLLBACK_COMPLETE', 'npm run remove -- --stage dev --with-data'],
    ['UPDATE_ROLLBACK_FAILED', 'continue-update-rollback --stack-name employee-streams-data-dev'],
    ['UPDATE_IN_PROGRESS', 'wait until it is complete'],
    ['REVIEW_IN_PROGRESS', 'it was never created. Delete it with npm run remove -- --stage dev --with-data'],
  ])('with a stack in state %s gets the way out', async (status, remedy) => {
    aws.account = { ...FRESH_ACCOUNT, stacks: { 'employee-streams-data-dev': status } };
    expect(await faultsWith()).toEqual([expect.stringContaining(remedy)]);
  });

  it('may have a bucket of the name from an earlier deployment, or someone else has it', async () => {
    aws.account = { ...FRESH_ACCOUNT, buckets: { [BUCKET]: 200 } };
    expect(await faultsWith()).toEqual([expect.stringContaining(`--param "existingBucket=${BUCKET}"`)]);
    aws.account = { ...FRESH_ACCOUNT, buckets: { [BUCKET]: 403 } };
    expect(await faultsWith()).toEqual([expect.stringContaining('belongs to another account')]);
    aws.account = {
      ...FRESH_ACCOUNT,
      buckets: { [BUCKET]: 200 },
      stacks: { 'employee-streams-data-dev': 'UPDATE_COMPLETE' },
    };
    expect(await faultsWith()).toEqual([]);
  });

  it('must have the existing bucket that a parameter names', async () => {
    const deployment = {
      ...{ stage: 'dev', place: PLACE, functions: { Resources: {} } },
      data: { Parameters: { ExistingBucket: { Default: 'mine' } }, Resources: {} },
    };
    expect((await examine(deployment, account)).faults).toEqual([
      expect.stringContaining('mine of existingBucket does not exist'),
    ]);
    aws.account = { ...FRESH_ACCOUNT, buckets: { mine: 403 } };
    expect((await examine(deployment, account)).faults).toEqual([
      expect.stringContaining('belongs to another account'),
    ]);
    aws.account = { ...FRESH_ACCOUNT, buckets: { mine: 200 } };
    expect((await examine(deployment, account)).faults).toEqual([]);
  });

  it('that refuses a question is named, and the other checks go on', async () => {
    aws.account = { ...FRESH_ACCOUNT, refusal: 'AccessDenied' };
    const data = { Resources: { ...DATA, Vpc: { Type: 'AWS::EC2::VPC', Properties: { CidrBlock: 'none' } } } };
    const { faults, unchecked } = await examine(
      { stage: 'dev', place: PLACE, data, functions: { Resources: FUNCTIONS } },
      account,
    );
    expect(faults.join('\n')).toContain('found "none"');
    expect(unchecked.join('\n')).toContain('the quota of concurrent executions: ');
    expect(unchecked.join('\n')).toContain('the classes of databases: ');
  });
});
