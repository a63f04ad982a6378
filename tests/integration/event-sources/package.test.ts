import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { CreateBucketCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { s3Client } from '../../support/event-sources/bucket-run.ts';
import { freePort } from '../../support/event-sources/scratch-service.ts';
import { eventually, StopWaiting } from '../../support/eventually.ts';
import { endpoints } from '../../support/servers.ts';

jest.setTimeout(300_000);

const run = promisify(execFile);
const root = join(import.meta.dirname, '..', '..', '..');
const sources = join(root, 'localstack', 'event-sources');
const name = 'serverless-kafka-event-source';

interface Manifest {
  readonly version: string;
  readonly dependencies: Record<string, string>;
  readonly peerDependencies: Record<string, string>;
}

const readManifest = async (directory: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(directory, 'package.json'), 'utf8')) as Manifest;

/** The project's own Node, and the machine's when that is another one: on many machines it is older. */
const nodes = [
  ...new Set([
    process.execPath,
    ...(process.env['PATH'] ?? '')
      .split(delimiter)
      .filter((folder) => !folder.includes('node_modules'))
      .map((folder) => join(folder, 'node'))
      .filter(existsSync)
      .slice(0, 1),
  ]),
];

let directory: string;
/** A project that has the package from its tarball, and nothing of this project. */
let project: string;

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'event-sources-package-'));
  const packable = join(directory, 'packable');
  project = join(directory, 'project');
  await mkdir(project);
  await run(process.execPath, [join(root, 'localstack', 'commands', 'build-event-sources.ts'), packable], {
    env: { ...process.env, GITHUB_SERVER_URL: 'https://github.com', GITHUB_REPOSITORY: 'owner/name' },
  });
  await run('npm', ['pack', packable, '--pack-destination', directory], { cwd: directory });
  const { version } = await readManifest(packable);
  await cp(join(sources, 'example'), project, { recursive: true });
  const example = JSON.parse(await readFile(join(project, 'package.json'), 'utf8'));
  example.devDependencies[name] = `file:${join(directory, `${name}-${version}.tgz`)}`;
  await writeFile(join(project, 'package.json'), JSON.stringify(example));
  await run('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'], { cwd: project });
});
afterAll(() => rm(directory, { recursive: true, force: true }));

test('the tarball holds what runs, its types and what npm shows, and no source or test', async () => {
  const installed = join(project, 'node_modules', name);
  const files = await readdir(installed, { recursive: true });
  expect(files).toEqual(
    expect.arrayContaining(['README.md', 'CHANGELOG.md', 'LICENSE', 'plugin.js', 'plugin.d.ts', 'api.d.ts']),
  );
  expect(files.filter((file) => !/(\.js|\.d\.ts|\.py|\.md|\.json|LICENSE|^[^.]+)$/.test(file))).toEqual([]);
  expect(files.filter((file) => /\.json$/.test(file))).toEqual(['package.json']);
  expect(files.some((file) => file.startsWith('example'))).toBe(false);
  expect(await readManifest(installed)).toMatchObject({
    repository: { url: 'git+https://github.com/owner/name.git', directory: 'localstack/event-sources' },
    publishConfig: { provenance: true },
  });
  // The packages for schema registries are for those who use one.
  for (const optional of ['avsc', 'typescript'])
    expect(existsSync(join(project, 'node_modules', optional))).toBe(false);
});

/** A project that imports both entries, and starts event sources from code. */
const importingScript = (template: string) => `await import('${name}');
  const { startEventSources } = await import('${name}/event-sources');
  await startEventSources({ template: ${JSON.stringify(template)} }).then((sources) => sources.stop());`;

async function writeTemplate(): Promise<string> {
  const template = join(directory, 'template.json');
  await writeFile(template, JSON.stringify({ Resources: { Fn: { Type: 'AWS::Lambda::Function' } } }));
  return template;
}

test.each(nodes)('its modules run on %s', async (node) => {
  await run(node, ['--input-type=module', '-e', importingScript(await writeTemplate())], { cwd: project });
});

test.each(nodes.slice(-1))('its commands run on %s', async (node) => {
  const command = (file: string, ...args: string[]) =>
    run(node, [join(project, 'node_modules', name, file), ...args], { cwd: project });
  const template = await writeTemplate();
  await Promise.all([
    expect(command('cli.js', '--help')).resolves.toMatchObject({
      stdout: expect.stringMatching(/^Usage: event-sources --template FILE/),
    }),
    expect(command('cli.js', '--template', template, '--lambda', 'localhost:3002')).rejects.toMatchObject({
      stderr: expect.stringContaining('write http://localhost:3002'),
    }),
    expect(command('cli.js', '--template', template, '--lambda', 'http://localhost:1')).rejects.toMatchObject({
      stderr: expect.stringContaining('nothing to do'),
    }),
    expect(command('send.js', '--topic', 't', '--brokers', '127.0.0.1:1', 'x')).rejects.toMatchObject({
      stderr: expect.stringContaining('start them, or name others with --brokers'),
    }),
    expect(command('send.js', '--topic', 't', '--brokers', 'localhost', 'x')).rejects.toMatchObject({
      stderr: expect.stringContaining('--brokers: expected host:port, got "localhost"'),
    }),
  ]);
});

test('its types check the options of a project in TypeScript', async () => {
  const file = join(project, 'use.ts');
  await writeFile(
    file,
    `import type { EventSourcesInput } from '${name}';
import { startEventSources } from '${name}/event-sources';
export const options: EventSourcesInput = { brokers: ['127.0.0.1:9092'], nullFields: 'omit' };
// @ts-expect-error
export const wrong: EventSourcesInput = { nullFields: 'other' };
const sources = await startEventSources({
  template: 'template.json',
  options,
  invoker: { invoke: async () => ({ kind: 'success', statusCode: 200, body: 'null', requestId: '' }) },
});
export const lag: number | undefined = sources.metrics().mappings['Mapping']?.OffsetLag;
// @ts-expect-error
await sources.stop('now');
`,
  );
  const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
  const types = ['--typeRoots', join(root, 'node_modules', '@types'), '--types', 'node'];
  const settings = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'nodenext', '--target', 'es2023', ...types];
  const { stdout } = await run(process.execPath, [compiler, ...settings, file], {
    cwd: project,
  }).catch(({ stdout, stderr }) => ({ stdout: `${stdout}${stderr}` }));
  expect(stdout).toBe('');
});

test.each(nodes.slice(-1))('its example runs in three languages under serverless offline on %s', async (node) => {
  const { kafka, s3 } = endpoints();
  const client = s3Client();
  await client.send(new CreateBucketCommand({ Bucket: 'example-files' }));
  const send = async (topic: string, value: string) =>
    run(node, [
      join(project, 'node_modules', name, 'send.js'),
      ...['--topic', topic, '--brokers', kafka.brokers.join(','), '--key', '1', value],
    ]);
  const brokers = ['--brokers', kafka.brokers.join(',')];
  const created = run(node, [join(project, 'node_modules', name, 'send.js'), '--topic', 'orders.failed', ...brokers]);
  expect(await created).toMatchObject({ stdout: expect.stringMatching(/^topic orders.failed is there; no value/) });
  expect(await send('orders', '{"id":1,"total":42}')).toMatchObject({ stdout: 'sent a record to orders\n' });
  await send('orders', 'not JSON');
  const serverless = join(project, 'node_modules', 'serverless', 'bin', 'serverless.js');
  const ports = ['--lambdaPort', String(await freePort()), '--httpPort', String(await freePort())];
  const child = spawn(node, [serverless, 'offline', 'start', ...ports], {
    cwd: project,
    env: {
      PATH: process.env['PATH'],
      HOME: directory,
      KAFKA_BROKER: kafka.brokers[0],
      S3_ENDPOINT: s3.endpoint,
      S3_ACCESS_KEY_ID: s3.accessKeyId,
      S3_SECRET_ACCESS_KEY: s3.secretAccessKey,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      output += chunk.toString();
    });
  }
  const closed = once(child, 'close');
  try {
    await client.send(new PutObjectCommand({ Bucket: 'example-files', Key: 'a b.csv', Body: '12345' }));
    const printed = (line: RegExp) =>
      eventually(
        () => {
          if (child.exitCode !== null) throw new StopWaiting(output);
          expect(output).toMatch(line);
          return true;
        },
        // As long as another test of a whole service may take on a busy machine.
        { withinMs: 100_000 },
      );
    await printed(/order 1: 42/);
    await printed(/ObjectCreated:Put: example-files\/a b.csv, 5 bytes/);
    await printed(/report: [12] orders have arrived/);
    await printed(/report: due at \d{4}-/);
  } finally {
    child.kill('SIGINT');
    await closed;
    client.destroy();
  }
  expect(output).not.toMatch(/TimeoutNegativeWarning|Unhandled|stands still/);
});

/** Packages with a file `patched-<package>.ts`, which is made for one version. */
async function findPatchedPackages(): Promise<string[]> {
  const files = await readdir(sources, { recursive: true });
  return files.flatMap((file) => /patched-([^/]+)\.ts$/.exec(file)?.[1] ?? []);
}

test('its manifest names the versions that the tests use, and pins the packages that it patches', async () => {
  const manifest = await readManifest(sources);
  const patched = await findPatchedPackages();
  expect(patched.length).toBeGreaterThan(0);
  const named = { ...manifest.dependencies, ...manifest.peerDependencies };
  for (const [dependency, range] of Object.entries(named)) {
    const { version } = await readManifest(join(root, 'node_modules', dependency));
    expect(`${dependency} ${range}`).toBe(`${dependency} ${patched.includes(dependency) ? '' : '^'}${version}`);
  }
  expect(Object.keys(named)).toEqual(expect.arrayContaining(patched));
});
