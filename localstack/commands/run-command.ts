import { isolateClients } from '../stack/process/isolate-clients.ts';
import { DEFAULT_DIRECTORY } from '../stack/user-path.ts';
import { isKeyTooLong } from './csv-file.ts';

/** Invalid arguments: the message is printed together with the usage. */
export class UsageError extends Error {}

/** Added to the usage of commands that need a running stack. */
export const DIRECTORY_USAGE = '  --directory DIR  the directory of the running stack (default: .localstack)';

/** The option of `parseArgs` for `DIRECTORY_USAGE`. Its value goes through `stackDirectory`. */
export const directoryOption = { type: 'string', default: DEFAULT_DIRECTORY } as const;

/**
 * Runs a command of an npm script with its arguments, and prints why it failed. Exit code: 1 for a failure, 2 for invalid
 * arguments.
 */
export async function runCommand(usage: string, command: (args: string[]) => Promise<void>): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes('--help')) {
    console.log(usage);
    return;
  }
  isolateClients();
  try {
    await command(args);
  } catch (error) {
    const isUsage = error instanceof UsageError || isParseArgsError(error);
    console.error(isUsage ? `${errorMessage(error)}\n${usage}` : errorMessage(error));
    process.exitCode = isUsage ? 2 : 1;
  }
}

/** When every address of a host refuses a connection, Node throws an AggregateError without a message. */
function errorMessage(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(errorMessage).join('; ');
  return error instanceof Error ? error.message : String(error);
}

/** The value of an option as a whole number. @throws UsageError when it is not a number of at least `minimum`. */
export function wholeNumber(option: string, text: string, minimum: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || !Number.isSafeInteger(value) || value < minimum) {
    throw new UsageError(`Expected ${option} to be a whole number of at least ${minimum}, but found "${text}".`);
  }
  return value;
}

/** @throws UsageError when an object with this key would not start the pipeline. */
export function requireCsvKey(key: string): void {
  if (isKeyTooLong(key)) throw new UsageError('Expected a key of at most 1,024 bytes, but found a longer one.');
  if (key.endsWith('.csv')) return;
  throw new UsageError(
    `Expected a key that ends with .csv, because the pipeline reads only those, but found "${key}".`,
  );
}

function isParseArgsError(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS');
}
