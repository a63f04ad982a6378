import type { CommandUnknownOpts } from '@commander-js/extra-typings';
import { onInterrupt } from '../../localstack/commands/terminal/interrupt.ts';
import { runCommand } from '../../localstack/commands/terminal/program.ts';
import type { StackEndpoints } from '../../localstack/stack/endpoints.ts';
import { TemporaryStack } from '../../localstack/stack/temporary-stack.ts';

/** Reports progress. Standard output has only the results, so that `--json` can be piped. */
export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** Exit code: 1 when the benchmark fails, 2 for a wrong call. */
export async function runBenchmark(program: CommandUnknownOpts): Promise<void> {
  await runCommand(program);
  // After a failure, connections that are still open would keep the process alive.
  if (process.exitCode) process.exit();
}

/** Measures on servers and functions of its own, which are stopped and deleted afterwards, also after Ctrl-C. */
export async function onTemporaryStack<Result>(
  measure: (stack: TemporaryStack, endpoints: StackEndpoints) => Promise<Result>,
): Promise<Result> {
  const stack = new TemporaryStack({ onNotice: say });
  onInterrupt(() => stack.stop());
  try {
    say('starting servers and functions');
    const endpoints = await stack.start();
    return await stack.whileUp(measure(stack, endpoints));
  } finally {
    await stack.stop();
  }
}
