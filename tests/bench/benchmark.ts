import { runCommand } from '../../localstack/commands/run-command.ts';
import type { StackEndpoints } from '../../localstack/stack/endpoints.ts';
import { TemporaryStack } from '../../localstack/stack/temporary-stack.ts';

/** Reports progress. Standard output has only the results, so that `--json` can be piped. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Exit code: 1 when the benchmark fails, 2 for invalid arguments. */
export async function runBenchmark(usage: string, benchmark: (args: string[]) => Promise<void>): Promise<void> {
  await runCommand(usage, benchmark);
  // After a failure, connections that are still open would keep the process alive.
  if (process.exitCode) process.exit();
}

/** Measures on servers and functions of its own, which are stopped and deleted afterwards, also after Ctrl-C. */
export async function onTemporaryStack<Result>(
  measure: (stack: TemporaryStack, endpoints: StackEndpoints) => Promise<Result>,
): Promise<Result> {
  const stack = new TemporaryStack({ onNotice: say });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => stack.stop().finally(() => process.exit(130)));
  }
  try {
    say('starting servers and functions');
    const endpoints = await stack.start();
    return await stack.whileUp(measure(stack, endpoints));
  } finally {
    await stack.stop();
  }
}

/** Prints a result as one line of JSON, the last one of standard output. */
export function printJson(result: object): void {
  process.stdout.write(`${JSON.stringify(result)}\n`);
}
