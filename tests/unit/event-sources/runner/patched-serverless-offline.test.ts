import { spawn } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { patchServerlessOffline } from '../../../../localstack/event-sources/runner/patched-serverless-offline.ts';
import type { OfflineTask } from './offline-process.ts';
import { runOffline as run } from './run-offline.ts';

/** What a script prints that runs in a process of its own. */
async function printed(script: string): Promise<string> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: ['ignore', 'pipe', 'ignore'] });
  const chunks: Buffer[] = [];
  for await (const chunk of child.stdout) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

describe('serverless-offline without the patches; when one of these fails, its patch is no longer needed', () => {
  test('an exception outside of a promise ends the process', async () => {
    const ended = await run({ isPatched: false, steps: [{ handler: 'throwOutsidePromise', via: 'RequestResponse' }] });
    expect(ended).toEqual({ exitCode: 1, lines: [] });
  });

  test('an error of an asynchronous invocation ends the process', async () => {
    const ended = await run({ isPatched: false, steps: [{ handler: 'reject', via: 'Event' }] });
    expect(ended).toEqual({ exitCode: 1, lines: [{ Payload: '', StatusCode: 202 }] });
  });

  test('a thrown value that is not an Error counts as success, and an exit as a timeout', async () => {
    const { lines } = await run({
      isPatched: false,
      timeoutSeconds: 5,
      steps: [
        { handler: 'throwText', via: 'RequestResponse' },
        { handler: 'exit', via: 'RequestResponse' },
      ],
    });
    expect(lines).toEqual([
      { Payload: '"a text, not an Error"', StatusCode: 200 },
      expect.objectContaining({ Payload: expect.objectContaining({ errorMessage: '[504] - Lambda timeout.' }) }),
    ]);
  });

  test('its public interface does not give other plugins its functions', async () => {
    const script = `import Offline from 'serverless-offline';
console.log(JSON.stringify(Object.keys(new Offline({}, {}, {}).internals())));`;
    expect(JSON.parse(await printed(script))).toEqual([
      'createHttp',
      'createLambda',
      'getApiGatewayServer',
      'getEvents',
      'mergeOptions',
      'preLoadModules',
    ]);
  });
});

test('with the patches each failure fails its own invocation, and the next one succeeds', async () => {
  const exited = 'Runtime exited with error: exit status 1';
  const ended = await run({
    isPatched: true,
    steps: [
      { handler: 'throwOutsidePromise', via: 'in process' },
      { handler: 'throwOutsidePromise', via: 'in process', event: { succeeds: true } },
      { handler: 'exit', via: 'in process' },
      { handler: 'exit', via: 'RequestResponse' },
      { handler: 'throwText', via: 'in process' },
      { handler: 'reject', via: 'in process' },
      { handler: 'reject', via: 'Event', event: { n: 1 } },
      { handler: 'echo', via: 'in process', event: { n: 2 } },
      { handler: 'echo', via: 'RequestResponse', event: { n: 3 } },
    ],
  });
  const failed = (message: string) =>
    expect.objectContaining({ kind: 'functionError', body: expect.stringContaining(`"errorMessage":"${message}"`) });
  expect(ended.lines).toEqual([
    failed('Runtime exited with error: Error: outside of any promise'),
    expect.objectContaining({ kind: 'success', body: '"done"' }),
    failed(exited),
    expect.objectContaining({ UnhandledError: true, Payload: expect.objectContaining({ errorMessage: exited }) }),
    failed('a text, not an Error'),
    failed('rejected'),
    { queued: 'reject', payload: '{"n":1}' },
    { Payload: '', StatusCode: 202 },
    expect.objectContaining({ kind: 'success', body: '{"received":{"n":2}}' }),
    { Payload: { received: { n: 3 } }, StatusCode: 200 },
  ]);
  expect(ended.exitCode).toBe(0);
});

test('with the patches what a function prints in the embedded metric format is taken, and not printed', async () => {
  const { lines } = await run({ isPatched: true, steps: [{ handler: 'printMetrics', via: 'in process' }] });
  expect(lines).toEqual([
    { metricLine: '{"_aws":{},"RowsSent":3}' },
    expect.objectContaining({ kind: 'success', body: 'null' }),
  ]);
});

describe('idle instances', () => {
  /** The instances that answer three invocations at the same time, before and after idle instances have ended. */
  async function answering(task: Pick<OfflineTask, 'isPatched' | 'provisionedConcurrency'>): Promise<string[][]> {
    const three = { handler: 'instanceId', via: 'in process', times: 3 } as const;
    const { lines } = await run({
      ...task,
      idleSeconds: 0.05,
      steps: [three, { handler: 'otherInstanceId', via: 'in process', untilEnded: true }, three],
    });
    const instances = lines.map((line) => (line as { body: string }).body);
    return [instances.slice(0, 3), instances.slice(3)];
  }

  test('without the patches all end; when this fails, its patch is no longer needed', async () => {
    const [before = [], after = []] = await answering({ isPatched: false, provisionedConcurrency: { instanceId: 2 } });
    expect(new Set([...before, ...after]).size).toBe(6);
  });

  test('[documented] as many idle instances are kept as the provisioned concurrency says', async () => {
    const [before = [], after = []] = await answering({ isPatched: true, provisionedConcurrency: { instanceId: 2 } });
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
    expect(new Set([...before, ...after]).size).toBe(4);
  });
});

test('with the patches other plugins start processes as before, also without arguments', async () => {
  const patches = pathToFileURL(
    join(import.meta.dirname, '../../../../localstack/event-sources/runner/patched-serverless-offline.ts'),
  );
  const script = `import { spawn } from 'node:child_process';
import { patchServerlessOffline } from '${patches}';
await patchServerlessOffline(process.cwd(), { queue: async () => true });
spawn('echo options', { shell: true, stdio: 'inherit' }).once('close', () => {
  spawn('echo arguments and options', [], { shell: true, stdio: 'inherit' }).once('close', () => {
    spawn('pwd', { stdio: 'inherit', cwd: '/' });
  });
});`;
  expect(await printed(script)).toBe('options\narguments and options\n/\n');
});

test('another version of serverless-offline is refused before anything is patched', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'other-version-'));
  try {
    const offline = join(directory, 'node_modules', 'serverless-offline');
    await mkdir(join(offline, 'src', 'lambda'), { recursive: true });
    await writeFile(join(offline, 'src', 'lambda', 'index.js'), '');
    await writeFile(
      join(offline, 'package.json'),
      JSON.stringify({
        name: 'serverless-offline',
        version: '15.0.0',
        exports: { './lambda': './src/lambda/index.js' },
      }),
    );
    await expect(patchServerlessOffline(directory, { queue: async () => true })).rejects.toThrow(
      'event sources: expected serverless-offline 14.8.2, which they patch, found 15.0.0: npm install --save-dev --save-exact serverless-offline@14.8.2',
    );
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});
