import { type Command, describeExit, ManagedProcess } from './managed-process.ts';

export type Program = Omit<Command, 'stopSignal' | 'stopTimeoutMs'>;

/**
 * Runs a program until it exits, and returns its standard output and error together.
 *
 * @throws with its last lines of output when it exits with a code other than 0. Aborting `signal` stops the program and
 * throws the signal's reason.
 */
export async function runProgram(
  program: Program,
  options: { signal: AbortSignal; onLine?: (line: string) => void },
): Promise<string> {
  options.signal.throwIfAborted();
  const running = await ManagedProcess.spawn({ ...program, stopSignal: 'SIGTERM', stopTimeoutMs: 2_000 }, 'pipe');
  let output = '';
  let unfinishedLine = '';
  running.onOutput((text) => {
    output = (output + text).slice(-65_536);
    const lines = (unfinishedLine + text).split('\n');
    unfinishedLine = lines.pop() ?? '';
    for (const line of lines) options.onLine?.(line);
  });
  const stop = () => void running.stop();
  options.signal.addEventListener('abort', stop, { once: true });
  // Aborted while the process was created.
  if (options.signal.aborted) stop();
  const exit = await running.exited;
  await running.closed;
  options.signal.removeEventListener('abort', stop);
  options.signal.throwIfAborted();
  if (exit.code !== 0) throw new Error(`${program.file} failed with ${describeExit(exit)}.${lastOutput(output)}`);
  return output;
}

/** The last lines of a program's output as the end of an error message; empty when there is no output. */
export function lastOutput(output: string): string {
  const lines = output.trimEnd().split('\n').slice(-15).join('\n');
  return lines.trim() === '' ? '' : ` Its last output:\n${lines}`;
}
