import { type Command, ManagedProcess } from './managed-process.ts';

export type Tool = Omit<Command, 'stopSignal' | 'stopTimeoutMs'>;

/**
 * Runs a program to its end and gives back what it printed on both streams.
 *
 * @throws with the last lines when it ends with anything but 0, and when `signal` ends it early.
 */
export async function runProgram(
  tool: Tool,
  options: { signal: AbortSignal; onLine?: (line: string) => void },
): Promise<string> {
  options.signal.throwIfAborted();
  const running = await ManagedProcess.spawn({ ...tool, stopSignal: 'SIGTERM', stopTimeoutMs: 2_000 }, 'pipe');
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
  const exit = await running.exited;
  await running.closed;
  options.signal.removeEventListener('abort', stop);
  options.signal.throwIfAborted();
  if (exit.code !== 0) {
    throw new Error(`${tool.file} ended with ${exit.code ?? exit.signal}. It said:\n${lastLines(output, 15)}`);
  }
  return output;
}

export function lastLines(text: string, count: number): string {
  return text.trimEnd().split('\n').slice(-count).join('\n');
}
