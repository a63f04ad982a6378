import { UsageError } from './program.ts';

/**
 * Asks before something is changed. The question is printed on the standard error.
 *
 * @param remedy what to call when there is no terminal to ask, such as `npm run resnapshot -- --yes`
 * @returns `false` when the user declines.
 * @throws a `UsageError` when no terminal is there to ask.
 */
export async function confirm(question: string, remedy: string): Promise<boolean> {
  if (!process.stdin.isTTY)
    throw new UsageError(`Expected a terminal to ask "${question}", found none: call ${remedy}`);
  // Only a command that asks waits for the package to load.
  const { confirm: ask, isCancel } = await import('@clack/prompts');
  const answer = await ask({ message: question, initialValue: false, output: process.stderr });
  if (isCancel(answer)) process.exit(130);
  return answer;
}
