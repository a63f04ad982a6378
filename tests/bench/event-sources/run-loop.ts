import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import type { LoopResult, LoopTask } from './loop-task.ts';

/** Runs a loop in a process of its own, so that its memory can be measured, and returns its result. */
export async function runLoop(script: string, task: LoopTask): Promise<LoopResult> {
  const child = spawn(
    process.execPath,
    [...process.execArgv, join(import.meta.dirname, script), JSON.stringify(task)],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
    },
  );
  const [output, errors, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  const lastLine = output.trim().split('\n').at(-1) ?? '';
  if (code !== 0 || lastLine === '')
    throw new Error(`expected ${script} to print a result, but it exited with code ${code}: ${errors}`);
  return JSON.parse(lastLine) as LoopResult;
}
