import { spawn } from 'node:child_process';
import { join } from 'node:path';
import type { LoopResult, LoopTask } from './loop-task.ts';

/** Runs a loop in a process of its own, so that its memory is its own, and reads its last line. */
export async function runLoop(script: string, task: LoopTask): Promise<LoopResult> {
  const child = spawn(
    process.execPath,
    [...process.execArgv, join(import.meta.dirname, script), JSON.stringify(task)],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  let output = '';
  let errors = '';
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk.toString();
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk.toString();
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  const lastLine = output.trim().split('\n').at(-1) ?? '';
  if (code !== 0 || lastLine === '') throw new Error(`${script} ended with ${code}: ${errors}`);
  return JSON.parse(lastLine) as LoopResult;
}
