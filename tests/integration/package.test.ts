import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { unzipSync } from 'fflate';

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

let directory: string;
let template: { readonly Parameters: object; readonly Resources: Record<string, Resource> };
let resources: Record<string, Resource>;
let packaged: Record<string, Uint8Array>;

/** Packages a copy, because a running stack may use the bundler's folder in the project. */
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'employee-streams-package-'));
  for (const part of ['functions', 'infra', 'localstack', 'sql', 'package.json', 'tsconfig.json', 'serverless.yml']) {
    await cp(join(ROOT, part), join(directory, part), { recursive: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(directory, 'node_modules'));
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_')));
  await run(
    process.execPath,
    [join(ROOT, 'node_modules/serverless/bin/serverless.js'), 'package', '--stage', 'dev', '--region', 'eu-west-1'],
    // serverless-esbuild fails to delete its temporary directory, of more than 100 MB.
    { cwd: directory, env: { ...env, TMPDIR: directory } },
  );
  const compiled = await readFile(join(directory, '.serverless/cloudformation-template-update-stack.json'), 'utf8');
  template = JSON.parse(compiled);
  resources = template.Resources;
  packaged = unzipSync(await readFile(join(directory, '.serverless/employee-streams.zip')));
}, 600_000);

afterAll(() => rm(directory, { recursive: true, force: true }));

const ofType = (type: string) => Object.entries(resources).filter(([, resource]) => resource.Type === type);

describe('the package for AWS, built without credentials', () => {
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

  it('provisions pollers for the changes', () => {
    const [, mapping] =
      ofType('AWS::Lambda::EventSourceMapping').find(
        ([, { Properties }]) => Properties.Topics[0] === 'employee-changes',
      ) ?? [];
    expect(mapping?.Properties.ProvisionedPollerConfig).toEqual({ MinimumPollers: 1, MaximumPollers: 2 });
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

  it('contains each function, the migrations and what the page loads, and nothing of tests or stack', () => {
    const files = Object.keys(packaged);
    for (const name of FUNCTIONS) expect(files).toContain(`functions/${name}/handler.mjs`);
    expect(files.filter((file) => file.startsWith('sql/')).length).toBeGreaterThanOrEqual(4);
    const ofPage = ['page.css', 'page.js', 'icon-well.svg', 'icon-attention.svg'].map(
      (name) => `functions/dashboard/assets/${name}`,
    );
    expect(files).toEqual(expect.arrayContaining(['node_modules/htmx.org/dist/htmx.min.js', ...ofPage]));
    expect(
      files
        .filter((file) => !/^(functions\/[^/]+\/handler\.mjs(\.map)?|sql\/.*\.sql)$/.test(file))
        .filter((file) => !file.startsWith('functions/dashboard/assets/')),
    ).toEqual(['node_modules/htmx.org/dist/htmx.min.js']);
  });

  it('has handlers that start and name their missing settings', async () => {
    const unpacked = join(directory, 'unpacked');
    for (const [path, bytes] of Object.entries(packaged)) {
      await mkdir(dirname(join(unpacked, path)), { recursive: true });
      await writeFile(join(unpacked, path), bytes);
    }
    const script = `
      const { handler } = await import(process.argv[1]);
      const fault = await handler({ records: {}, Records: [] }, { functionName: 'f' }).catch((error) => error);
      console.log(fault.code);`;
    const codes = FUNCTIONS.map(async (name) => {
      const { stdout } = await run(
        process.execPath,
        ['--input-type=module', '-e', script, join(unpacked, `functions/${name}/handler.mjs`)],
        { cwd: unpacked, env: { PATH: process.env['PATH'] } },
      );
      return [name, stdout.trim().split('\n').at(-1)];
    });
    expect(await Promise.all(codes)).toEqual(FUNCTIONS.map((name) => [name, 'PIPE_CONFIG']));
  });
});
