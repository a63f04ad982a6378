import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { text } from 'node:stream/consumers';

const COMMANDS = resolve(import.meta.dirname, '../../../localstack/commands');

/** Runs the command of an npm script with an empty standard input. `output` is what it has printed on both outputs. */
export async function runNpmCommand(
  command: string,
  args: readonly string[],
): Promise<{ code: number | null; output: string }> {
  const script = join(COMMANDS, `${command}.ts`);
  const child = spawn(process.execPath, [script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, error, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  return { code: code as number | null, output: out + error };
}
