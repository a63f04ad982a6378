import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { FakeAws } from '../support/fake-aws.ts';
import { type PackagedFunction, readPackages, unpack } from '../support/packaged-functions.ts';

const run = promisify(execFile);
const ROOT = join(__dirname, '../..');
const FUNCTIONS = [
  'apply-changes',
  'dashboard',
  'index-dead-letters',
  'load-salaries',
  'poll-changes',
  'provision',
  'reconcile-bucket',
  'redrive',
  'transform-csv',
  'verify-replica',
  'watch-replica',
];

interface Resource {
  readonly Type: string;
  readonly DependsOn?: readonly string[];
  // biome-ignore lint/suspicious/noExplicitAny: templates have no fixed shape.
  readonly Properties: any;
}

const aws = new FakeAws();
let dryRun: string;
let directory: string;
let template: { readonly Parameters: object; readonly Resources: Record<string, Resource> };
let resources: Record<string, Resource>;
let packages: readonly PackagedFunction[];

/** Packages a copy, because a running stack may use the bundler's folder in the project. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'employee-streams-package-'));
  for (const part of ['functions', 'infra', 'localstack', 'sql', 'package.json', 'tsconfig.json', 'serverless.yml']) {
    await cp(join(ROOT, part), join(directory, part), { recursive: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  await mkdir(join(directory, 'tmp'));
  const fromUser = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  const env = { ...Object.fromEntries(fromUser), ...(await aws.start()), TMPDIR: join(directory, 'tmp') };
  const command = join(directory, 'localstack/commands/deploy/deploy.ts');
  const args = [command, '--stage', 'dev', '--region', 'eu-west-1', '--param', 'readyAppliers=2', '--dry-run'];
  ({ stdout: dryRun } = await run(process.execPath, args, { cwd: directory, env }));
  const compiled = await readFile(join(directory, '.serverless/cloudformation-template-update-stack.json'), 'utf8');
  template = JSON.parse(compiled);
  resources = template.Resources;
  packages = await readPackages(join(directory, '.serverless'));
}, 600_000);

afterAll(async () => {
  await aws.stop();
  await rm(directory, { recursive: true, force: true });
});

const ofType = (type: string) => Object.entries(resources).filter(([, resource]) => resource.Type === type);

describe('a dry run of the deployment', () => {
  it('packages both stacks, finds nothing to refuse in a fresh account, and changes nothing there', () => {
    expect(dryRun).toBe('Stage dev can be deployed in eu-west-1. Nothing was made.\n');
    expect(aws.unexpected).toEqual([]);
  });
});

describe('the package for AWS', () => {
  it('invokes from Kafka without a batching window, and only after the topics exist', () => {
    const mappings = ofType('AWS::Lambda::EventSourceMapping');
    expect(mappings).toHaveLength(4);
    for (const [, { Properties, DependsOn }] of mappings) {
      expect(Properties).toMatchObject({ MaximumBatchingWindowInSeconds: 0, StartingPosition: 'TRIM_HORIZON' });
      expect(Properties.AmazonManagedKafkaEventSourceConfig.ConsumerGroupId).toMatch(
        /^(load-salaries|apply-changes|index-(change|salary)-dead-letters)$/,
      );
      expect(DependsOn).toContain('Provision');
    }
  });

  it('keeps instances of apply-changes ready, and sends the changes to them', () => {
    const [, alias] =
      ofType('AWS::Lambda::Alias').find(([, { Properties }]) => Properties.Name === 'provisioned') ?? [];
    expect(alias?.Properties).toMatchObject({
      FunctionName: { Ref: 'ApplyDashchangesLambdaFunction' },
      ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: 2 },
    });
    const [, mapping] =
      ofType('AWS::Lambda::EventSourceMapping').find(
        ([, { Properties }]) => Properties.Topics[0] === 'employee-changes',
      ) ?? [];
    expect(mapping?.Properties.FunctionName['Fn::Join'][1].at(-1)).toBe('provisioned');
  });

  it('publishes another version for the alias when the servers or the network change', () => {
    const versions = ofType('AWS::Lambda::Version');
    expect(versions).toHaveLength(1);
    const description = JSON.stringify(versions[0]?.[1].Properties.Description);
    for (const name of ['TargetDatabaseUrl', 'KafkaCluster', 'FunctionSecurityGroup', 'PrivateSubnets']) {
      expect(description).toContain(`{"Ref":"${name}"}`);
    }
  });

  it('gives every function its own role, its subnets and the brokers', () => {
    const ours = ofType('AWS::Lambda::Function').filter(([id]) => !id.startsWith('Custom'));
    expect(ours.map(([, { Properties }]) => Properties.FunctionName).sort()).toEqual(
      FUNCTIONS.map((name) => `employee-streams-dev-${name}`),
    );
    for (const [, { Properties }] of ours) {
      expect(Properties.Runtime).toBe('nodejs24.x');
      expect(resources[Properties.Role['Fn::GetAtt'][0]]?.Type).toBe('AWS::IAM::Role');
      expect(Properties.VpcConfig.SubnetIds).toEqual({ 'Fn::Split': [',', { Ref: 'PrivateSubnets' }] });
      expect(Properties.Environment.Variables.KAFKA_BROKERS).toEqual({ Ref: 'KafkaBrokers' });
    }
    const [, transform] = ours.find(([, { Properties }]) => Properties.FunctionName.endsWith('transform-csv')) ?? [];
    expect(transform?.Properties.RecursiveLoop).toBe('Allow');
  });

  it('invokes transform-csv from the bucket of the data stack, once files can be loaded', () => {
    const [, notification] = ofType('Custom::S3')[0] ?? [];
    expect(notification?.Properties).toMatchObject({
      BucketName: { Ref: 'SalaryBucket' },
      BucketConfigs: [{ Event: 's3:ObjectCreated:*', Rules: [{ Suffix: '.csv' }] }],
    });
    expect(notification?.DependsOn).toContain('Provision');
  });

  it('refers only to resources that exist', () => {
    const named: string[] = [];
    const collect = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return;
      const { Ref, 'Fn::GetAtt': attribute } = value as { Ref?: string; 'Fn::GetAtt'?: [string, string] };
      if (Ref !== undefined && !Ref.startsWith('AWS::')) named.push(Ref);
      if (attribute !== undefined) named.push(attribute[0]);
      for (const part of Object.values(value)) collect(part);
    };
    collect(Object.values(resources));
    named.push(...Object.values(resources).flatMap(({ DependsOn }) => [DependsOn ?? []].flat()));
    expect(named.length).toBeGreaterThan(50);
    expect([...new Set(named)].filter((name) => !(name in resources || name in template.Parameters))).toEqual([]);
  });

  it('packages each function by itself, with the files that it reads and nothing else', () => {
    expect(packages.map(({ name }) => name)).toEqual(FUNCTIONS);
    const filesOf = (name: string) => Object.keys(packages.find((each) => each.name === name)?.files ?? {});
    for (const name of FUNCTIONS) {
      const others = filesOf(name).filter((file) => file !== `functions/${name}/handler.mjs`);
      if (name === 'provision') {
        expect(
          others.filter(
            (file) => !/^sql\/(source|target|capture|source-grants|target-grants)\/\d{4}_\w+\.sql$/.test(file),
          ),
        ).toEqual([]);
        for (const folder of ['source', 'target', 'capture', 'source-grants', 'target-grants']) {
          expect(others.some((file) => file.startsWith(`sql/${folder}/0001_`))).toBe(true);
        }
      } else if (name === 'dashboard') {
        const assets = ['icon-attention.svg', 'icon-well.svg', 'page.css', 'page.js'];
        expect(others.sort()).toEqual([
          ...assets.map((asset) => `functions/dashboard/assets/${asset}`),
          'node_modules/htmx.org/dist/htmx.min.js',
        ]);
      } else {
        expect(others).toEqual([]);
      }
    }
  });

  it('keeps each package small enough to start quickly', () => {
    const large = packages.filter(({ unpackedBytes, zippedBytes }) => unpackedBytes > 2e6 || zippedBytes > 600e3);
    expect(large.map(({ name, unpackedBytes, zippedBytes }) => ({ name, unpackedBytes, zippedBytes }))).toEqual([]);
  });

  it('leaves nothing in the temporary directory', async () => {
    expect(await readdir(join(directory, 'tmp'))).toEqual([]);
  });

  it('has handlers that start and name their missing settings', async () => {
    const script = `
      const { handler } = await import(process.argv[1]);
      const fault = await handler({ records: {}, Records: [] }, { functionName: 'f' }).catch((error) => error);
      console.log(fault.code);`;
    const codes = packages.map(async (packaged) => {
      const module = await unpack(packaged, join(directory, 'unpacked'));
      const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script, module], {
        cwd: directory,
        env: { PATH: process.env['PATH'] },
      });
      return [packaged.name, stdout.trim().split('\n').at(-1)];
    });
    expect(await Promise.all(codes)).toEqual(FUNCTIONS.map((name) => [name, 'PIPE_CONFIG']));
  });
});
