import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectoryLock } from '../../../../localstack/stack/process/directory-lock.ts';
import { defaultPorts, isPortFree, PortChooser } from '../../../../localstack/stack/process/ports.ts';
import { processIdentity } from '../../../../localstack/stack/process/process-info.ts';
import { runProgram } from '../../../../localstack/stack/process/run-program.ts';

const { signal } = new AbortController();

test('a process has an identity for as long as it runs, and another process has another', async () => {
  const child = spawn('sleep', ['60']);
  await once(child, 'spawn');
  const pid = child.pid as number;
  const identity = processIdentity(pid);
  expect(identity).toBeDefined();
  expect(identity).not.toBe(processIdentity(process.pid));
  expect(processIdentity(pid)).toBe(identity);
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(processIdentity(pid)).toBeUndefined();
});

test('a directory is locked once, by a named process, until it is released', () => {
  const directory = mkdtempSync(join(tmpdir(), 'lock-'));
  const [first, second] = [new DirectoryLock(directory), new DirectoryLock(directory)];
  expect(first.tryAcquire()).toBeUndefined();
  expect(second.tryAcquire()).toEqual({ heldBy: process.pid });
  first.release();
  expect(second.tryAcquire()).toBeUndefined();
  second.release();
  rmSync(directory, { recursive: true });
});

test('a port that somebody listens on is not free, and another is given for it, with a notice', async () => {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  expect(await isPortFree((server.address() as { port: number }).port)).toBe(false);
  server.close();
  const notices: string[] = [];
  const chooser = new PortChooser({ preferDefaults: true, onNotice: (line) => notices.push(line) });
  const first = await chooser.choose('kafka');
  const second = await chooser.choose('kafka');
  expect(second).not.toBe(first);
  expect(notices.at(-1)).toBe(`Port ${defaultPorts.kafka} (kafka) is taken; ${second} is used instead.`);
});

test('a port that was given is given to nobody else, though its server has not started yet', async () => {
  const choosers = [0, 1].map(() => new PortChooser({ preferDefaults: false, onNotice: () => {} }));
  const first = (await choosers[0]?.choose('kafka')) as number;
  const random = jest.spyOn(Math, 'random').mockReturnValueOnce((first - 15_000 + 0.5) / 17_000);
  try {
    expect(await choosers[1]?.choose('s3')).not.toBe(first);
    expect(random.mock.calls.length).toBeGreaterThan(1);
  } finally {
    random.mockRestore();
    for (const chooser of choosers) chooser.release();
  }
});

test('a tool gives back what it printed', async () => {
  const output = await runProgram({ file: 'sh', args: ['-c', 'echo out; echo err >&2'] }, { signal });
  // Two streams: which of them is read first is open.
  expect(output.split('\n').sort()).toEqual(['', 'err', 'out']);
});

test('a tool that fails is told with its last lines', async () => {
  const failing = runProgram({ file: 'sh', args: ['-c', 'echo because; exit 3'] }, { signal });
  await expect(failing).rejects.toThrow('sh ended with 3. It said:\nbecause');
});

test('a tool ends when it is no longer wanted', async () => {
  const controller = new AbortController();
  const running = runProgram({ file: 'sleep', args: ['60'] }, { signal: controller.signal });
  setTimeout(() => controller.abort(new Error('enough')), 100);
  await expect(running).rejects.toThrow('enough');
});
