/** What somebody typed that cannot be meant; shown together with the usage. */
export class UsageError extends Error {}

/** Runs a command, says in one line why it failed, and sets the exit code: 1 for a failure, 2 for a wrong call. */
export async function runCommand(usage: string, command: (args: string[]) => Promise<void>): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    process.stdout.write(`${usage}\n`);
    return;
  }
  try {
    await command(args);
  } catch (error) {
    const isUsage = error instanceof UsageError || isParseArgsError(error);
    process.stderr.write(`${describe(error)}\n${isUsage ? `${usage}\n` : ''}`);
    process.exitCode = isUsage ? 2 : 1;
  }
}

/** A connection that is refused at every address of a name has its reasons one level down, and no message. */
function describe(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(describe).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/** An option as a whole number. @throws UsageError naming the option, what was expected and what came. */
export function wholeNumber(option: string, text: string, minimum: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < minimum) {
    throw new UsageError(`${option} must be a whole number from ${minimum}, not "${text}".`);
  }
  return value;
}

function isParseArgsError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
