import {
  CommanderError,
  type CommandUnknownOpts,
  createCommand,
  InvalidArgumentError,
  Option,
} from '@commander-js/extra-typings';
import { isolateClients } from '../../stack/process/isolate-clients.ts';
import { DEFAULT_DIRECTORY, stackDirectory } from '../../stack/user-path.ts';
import { exitAfterInterrupt } from './interrupt.ts';

/** A wrong call that the options cannot express: the message is printed with where the help is, with exit code 2. */
export class UsageError extends Error {}

/** What a command's action returns when something needs attention. An action that returns nothing ends with 0. */
export const NEEDS_ATTENTION = 1;
const FAILED = 1;
const WRONG_CALL = 2;

/**
 * A command of an npm script. Its help is made from its options, and a wrong option is answered with the nearest one.
 *
 * @param name as the user calls it, such as `npm run status`
 */
export function createProgram(name: string, description: string) {
  return (
    createCommand(`${name} --`)
      .description(description)
      .helpOption('--help', 'print this help')
      .exitOverride()
      // `runCommand` prints errors, so that all of them look the same.
      .configureOutput({ outputError: () => {} })
      .configureHelp({ showGlobalOptions: true })
  );
}

/** `--directory DIR`, for commands that need a running stack. Its value is a path that Node can open. */
export function directoryOption() {
  return new Option('--directory <DIR>', 'the directory of the running stack')
    .argParser(stackDirectory)
    .default(DEFAULT_DIRECTORY);
}

/** A parser for an option that is a whole number of at least `minimum`. */
export function wholeNumber(minimum: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= minimum) return value;
    throw new InvalidArgumentError(`Expected a whole number of at least ${minimum}.`);
  };
}

/**
 * Runs a command with the arguments of this process.
 *
 * Exit code: 0 when all is well, 1 when something needs attention or the command failed, 2 for a wrong call, 130 when the
 * user interrupted it. An error is printed in one line on the standard error.
 */
export async function runCommand(
  program: CommandUnknownOpts,
  args: readonly string[] = process.argv.slice(2),
): Promise<void> {
  isolateClients();
  exitAfterInterrupt();
  ignoreClosedPipe();
  const name = program.name().replace(/ --$/, '');
  try {
    requireSeparator(program, name, args);
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    // The help is printed already.
    if (error instanceof CommanderError && error.exitCode === 0) return;
    const isWrongCall = error instanceof CommanderError || error instanceof UsageError;
    console.error(isWrongCall ? `${wrongCall(error)}\nThe options are in: ${name} -- --help` : errorMessage(error));
    process.exitCode = isWrongCall ? WRONG_CALL : FAILED;
  }
}

/** When every address of a host refuses a connection, Node throws an AggregateError without a message. */
export function errorMessage(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') return error.errors.map(errorMessage).join('; ');
  return error instanceof Error ? error.message || error.name : String(error);
}

function wrongCall({ message }: Error): string {
  const text = message.replace(/^error: /, '').replace(/\n\((Did you mean .*\?)\)$/, '. $1');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/**
 * Options that npm has too, so that a user may have set them for npm. npm exports no `--key` of its command line, so a
 * variable for it is always the user's own.
 */
const OPTIONS_OF_NPM = ['--yes', '--key'];

/**
 * npm takes options before `--` for its own, as in `npm run redrive --dry-run --code=X`, and sets a variable for each.
 *
 * @throws when an option of the command was given to npm.
 */
function requireSeparator(program: CommandUnknownOpts, name: string, args: readonly string[]): void {
  if (process.env['npm_lifecycle_event'] === undefined) return;
  for (const { long, flags, isBoolean } of optionsOf(program)) {
    if (OPTIONS_OF_NPM.includes(long) || args.some((arg) => arg === long || arg.startsWith(`${long}=`))) continue;
    const value = process.env[`npm_config_${long.slice(2).replaceAll('-', '_')}`];
    // npm sets a boolean option of its own to an empty text when it is off.
    if (isBoolean ? value !== 'true' : value === undefined) continue;
    throw new UsageError(`Expected ${long} after "--", because npm takes what is before it: call ${name} -- ${flags}`);
  }
}

function optionsOf(program: CommandUnknownOpts) {
  return [program, ...program.commands].flatMap((command) =>
    command.options.flatMap((option) =>
      option.long ? [{ long: option.long, flags: option.flags, isBoolean: option.isBoolean() }] : [],
    ),
  );
}

/** A reader such as `head` may end before this process has printed everything. */
function ignoreClosedPipe(): void {
  if (!process.stdout.listeners('error').includes(onOutputError)) process.stdout.on('error', onOutputError);
}

function onOutputError(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
  process.exit();
}
