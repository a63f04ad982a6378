import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';

const COMMANDS = resolve(import.meta.dirname, '../../../localstack/commands');

interface Finished {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

type Environment = Readonly<Record<string, string>>;

async function run(command: string, args: readonly string[], env: Environment): Promise<Finished> {
  const script = join(COMMANDS, `${command}.ts`);
  const options = { stdio: ['ignore', 'pipe', 'pipe'] as ['ignore', 'pipe', 'pipe'], env: { ...process.env, ...env } };
  const child = spawn(process.execPath, [script, ...args], options);
  const [stdout, stderr, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: code as number | null, stdout, stderr };
}

/** Runs the command of an npm script with an empty standard input. `output` is what it prints on both streams. */
export async function runCommand(
  command: string,
  args: readonly string[],
  env: Environment = {},
): Promise<{ code: number | null; output: string }> {
  const { code, stdout, stderr } = await run(command, args, env);
  return { code, output: stdout + stderr };
}

/** As `runCommand`, with `--json`. Progress goes to standard error, so it is not in the result. */
export async function runJsonCommand<T>(
  command: string,
  args: readonly string[],
  env: Environment = {},
): Promise<{ code: number | null; result: T }> {
  const { code, stdout, stderr } = await run(command, [...args, '--json'], env);
  if (stdout === '') throw new Error(`Expected JSON from ${command}, but it printed only: ${stderr}`);
  return { code, result: JSON.parse(stdout) as T };
}
