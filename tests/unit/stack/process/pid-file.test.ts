import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PidFile, stopOrphans } from '../../../../localstack/stack/process/pid-file.ts';

const directory = mkdtempSync(join(tmpdir(), 'pid-file-'));
const { signal } = new AbortController();
const command = { file: 'sleep', args: ['60'], stopSignal: 'SIGTERM', stopTimeoutMs: 1_000 } as const;
let child: ChildProcess;

beforeEach(async () => {
  child = spawn(command.file, command.args);
  await once(child, 'spawn');
});

afterEach(() => child.kill('SIGKILL'));
afterAll(() => rmSync(directory, { recursive: true }));

async function stop(): Promise<string[]> {
  const notices: string[] = [];
  await stopOrphans({ directory, names: ['server', 'other'], onNotice: (line) => notices.push(line), signal });
  return notices;
}

test('an orphan is stopped with its stop signal, and its file is removed', async () => {
  const exited = once(child, 'exit');
  new PidFile(directory, 'server').write(child.pid as number, command);
  expect(await stop()).toEqual([
    `The server process of an earlier run is still running (process ${child.pid}); stopping it.`,
  ]);
  expect(await exited).toEqual([null, 'SIGTERM']);
  expect(existsSync(join(directory, 'run', 'server.json'))).toBe(false);
});

test('a process that merely has the same id is left alone', async () => {
  const file = new PidFile(directory, 'server');
  const { pid } = child;
  file.write(pid as number, command);
  const path = join(directory, 'run', 'server.json');
  writeFileSync(path, readFileSync(path, 'utf8').replace(/"identity":"[^"]*"/, '"identity":"another start"'));
  expect(await stop()).toEqual([]);
  expect(child.exitCode).toBeNull();
  expect(child.signalCode).toBeNull();
});
