import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { HeadBucketCommand, S3Client } from '@aws-sdk/client-s3';
import type { StackEndpoints } from '../../localstack/stack/endpoints.ts';
import { FunctionInvoker } from '../../localstack/stack/service/function-invoker.ts';
import { eventually, StopWaiting } from '../support/eventually.ts';
import { processesOf } from '../support/stack-process.ts';

// Some tests start two whole stacks, while another test file starts its own.
jest.setTimeout(600_000);
const LIMIT_MS = 240_000;

const project = join(import.meta.dirname, '..', '..');
const service = mkdtempSync(join(tmpdir(), 'local-stack-start-'));
const endpointsPath = join(service, '.localstack', 'endpoints.json');
const running: ChildProcess[] = [];

beforeAll(() => {
  cpSync(join(project, 'tests', 'fixtures', 'small-service'), service, { recursive: true });
  for (const name of ['node_modules', 'localstack']) symlinkSync(join(project, name), join(service, name));
  writeFileSync(join(service, 'package.json'), '{"name": "small", "type": "module", "private": true}');
  cpSync(join(project, 'tsconfig.json'), join(service, 'tsconfig.json'));
});

afterAll(async () => {
  for (const child of running) child.kill('SIGKILL');
  await untilNoProcessIsLeft();
  rmSync(service, { recursive: true, force: true });
});

/** Runs Node in the service's directory; `output` is what it has printed on both streams. */
function start(...args: string[]): { child: ChildProcess; output: () => string; exited: Promise<number | null> } {
  const child = spawn(process.execPath, args, {
    cwd: service,
    env: {
      ...process.env,
      // npm and npx also put the project's own Node first.
      PATH: `${dirname(process.execPath)}:${process.env['PATH']}`,
      LOCAL_STACK_PORTS: 'free',
      // The functions must not get a developer's own AWS account.
      AWS_PROFILE: 'production',
    },
  });
  running.push(child);
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const exited = once(child, 'close').then(([code]) => code as number | null);
  return { child, output: () => output, exited };
}

const npmStart = () => start(join(project, 'localstack', 'commands', 'start', 'start.ts'), '--ports', 'free');
const serverlessOffline = () => start(join(service, 'node_modules', '.bin', 'serverless'), 'offline');

async function ready({ child, output }: ReturnType<typeof start>): Promise<StackEndpoints> {
  const isReady = () => {
    if (child.exitCode !== null) throw new StopWaiting(`The stack exited with code ${child.exitCode}:\n${output()}`);
    return existsSync(endpointsPath);
  };
  await eventually(isReady, { what: 'endpoints.json', withinMs: LIMIT_MS });
  return JSON.parse(readFileSync(endpointsPath, 'utf8')) as StackEndpoints;
}

describe('npm start', () => {
  let stack: ReturnType<typeof start>;
  let endpoints: StackEndpoints;

  test('creates the resources of the service, and then writes endpoints.json', async () => {
    stack = npmStart();
    endpoints = await ready(stack);
    const { s3, dynamodb, kafka, lambda } = endpoints;
    expect([s3.bucket, s3.region, dynamodb.offsetTable]).toEqual([
      'small-files',
      'eu-central-1',
      'small-local-offsets',
    ]);
    // A copy, because the SDK changes the credentials object.
    const client = { region: s3.region, credentials: { ...s3 } };
    await new S3Client({ ...client, endpoint: s3.endpoint }).send(new HeadBucketCommand({ Bucket: s3.bucket }));
    const table = new DescribeTableCommand({ TableName: dynamodb.offsetTable });
    expect((await new DynamoDBClient({ ...client, endpoint: dynamodb.endpoint }).send(table)).Table?.KeySchema).toEqual(
      [{ AttributeName: 'id', KeyType: 'HASH' }],
    );
    expect(await new FunctionInvoker(lambda.endpoint).invoke('small-local-look', {})).toEqual({
      KAFKA_BROKERS: kafka.brokers.join(','),
      KAFKA_AUTH: 'none',
      OFFSET_TABLE: dynamodb.offsetTable,
      AWS_ENDPOINT_URL_S3: s3.endpoint,
    });
  });

  test('refuses a second stack, and keeps running undisturbed', async () => {
    const second = npmStart();
    expect(await second.exited).toBe(1);
    expect(second.output()).toContain(`(process ${stack.child.pid})`);
    expect(existsSync(endpointsPath)).toBe(true);
  });

  test('restarts the functions when one of them crashes the process that runs them all', async () => {
    const functions = new FunctionInvoker(endpoints.lambda.endpoint);
    await expect(functions.invoke('small-local-crash', {})).rejects.toThrow();
    await eventually(() => stack.output().includes('serverless offline is running again'), { withinMs: LIMIT_MS });
    expect(await ready(stack)).toEqual(endpoints);
    expect(await functions.invoke('small-local-look', {})).toMatchObject({ KAFKA_AUTH: 'none' });
  });

  test('stops everything on Ctrl-C, with exit code 0', async () => {
    stack.child.kill('SIGINT');
    expect(await stack.exited).toBe(0);
    expect(existsSync(endpointsPath)).toBe(false);
    await untilNoProcessIsLeft();
  });

  // Everything is running by then that has to end, although the functions are not ready.
  test('leaves no process running when it is killed while the functions start', async () => {
    stack = npmStart();
    await eventually(() => processesOf(service).some(({ command }) => command.includes('serverless')), {
      ...{ what: 'the process of the functions', withinMs: LIMIT_MS },
    });
    stack.child.kill('SIGKILL');
    await untilNoProcessIsLeft();
  });
});

describe('serverless offline alone', () => {
  test('starts the servers, and stops them on Ctrl-C', async () => {
    // The file may be that of a killed stack.
    rmSync(endpointsPath, { force: true });
    const stack = serverlessOffline();
    const { lambda } = await ready(stack);
    expect(await new FunctionInvoker(lambda.endpoint).invoke('small-local-look', {})).toMatchObject({
      KAFKA_AUTH: 'none',
    });
    stack.child.kill('SIGINT');
    expect(await stack.exited).toBe(0);
    expect(existsSync(endpointsPath)).toBe(false);
    await untilNoProcessIsLeft();
  });

  test('exits with the reason when provisioning fails', async () => {
    writeFileSync(join(service, 'provision-fails'), '');
    const stack = serverlessOffline();
    expect(await stack.exited).toBe(1);
    expect(stack.output()).toContain('small-local-provision failed: migration 0003 is broken');
    expect(existsSync(endpointsPath)).toBe(false);
    await untilNoProcessIsLeft();
  });
});

async function untilNoProcessIsLeft(): Promise<void> {
  await eventually(() => processesOf(service).length === 0, { what: `no process of ${service}`, withinMs: LIMIT_MS });
}
