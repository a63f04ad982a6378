import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { StackEndpoints } from '../../../localstack/stack/endpoints.ts';

const ROOT = join(import.meta.dirname, '../../..');
const READY_WITHIN_MS = 180_000;

export interface OwnStack {
  readonly endpoints: StackEndpoints;
  stop(): Promise<void>;
}

/** The whole product, servers and functions, on free ports and in a directory that goes with it. */
export async function startOwnStack(): Promise<OwnStack> {
  const directory = await mkdtemp(join(tmpdir(), 'employee-streams-bench-'));
  const log = openSync(join(directory, 'start.log'), 'w');
  const child = spawn(process.execPath, ['localstack/stack/start.ts', '--directory', directory, '--ports', 'free'], {
    cwd: ROOT,
    stdio: ['ignore', log, log],
    env: { ...process.env, POWERTOOLS_LOG_LEVEL: 'WARN' },
  });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGINT');
    await exited;
    await rm(directory, { recursive: true, force: true });
  };
  try {
    return { endpoints: await untilReady(directory, () => child.exitCode), stop };
  } catch (error) {
    process.stderr.write(await readFile(join(directory, 'start.log'), 'utf8'));
    await stop();
    throw error;
  }
}

async function untilReady(directory: string, exitCode: () => number | null): Promise<StackEndpoints> {
  const deadline = performance.now() + READY_WITHIN_MS;
  while (performance.now() < deadline) {
    const text = await readFile(join(directory, 'endpoints.json'), 'utf8').catch(() => null);
    if (text !== null) return JSON.parse(text) as StackEndpoints;
    if (exitCode() !== null) throw new Error(`the stack ended with exit code ${exitCode()} before it was ready`);
    await sleep(200);
  }
  throw new Error(`the stack was not ready within ${READY_WITHIN_MS / 1_000} s`);
}
