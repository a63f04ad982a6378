import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { OfflineTask } from './offline-process.ts';

export interface Ended {
  readonly exitCode: number | null;
  /** What it printed, a line a step. */
  readonly lines: readonly unknown[];
}

/** Runs serverless-offline's functions in a process of their own. */
export function runOffline(task: OfflineTask): Promise<Ended> {
  const script = join(import.meta.dirname, 'offline-process.ts');
  const child = spawn(process.execPath, [script, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'ignore'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  return new Promise((resolve) => {
    child.once('close', (exitCode) => {
      const lines = output.split('\n').slice(0, -1);
      resolve({ exitCode, lines: lines.map((line) => JSON.parse(line) as unknown) });
    });
  });
}
