import { spawn } from 'node:child_process';
import { once } from 'node:events';
import xterm from '@xterm/headless';

const [COLUMNS, ROWS] = [112, 200];

/**
 * Runs a command in a terminal and returns the terminal with what it shows at the end. `script` gives it a terminal.
 *
 * @throws when the command fails, with what the terminal shows.
 */
export async function runInTerminal(command: string): Promise<xterm.Terminal> {
  const terminal = new xterm.Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
  const shell = `stty cols ${COLUMNS} rows ${ROWS}; exec ${command}`;
  const child = spawn('script', ['--quiet', '--return', '--command', shell, '/dev/null'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, TERM: 'xterm-256color' },
  });
  child.stdout.on('data', (bytes: Buffer) => terminal.write(bytes));
  const [code] = await once(child, 'close');
  await new Promise<void>((resolve) => terminal.write('', resolve));
  if (code !== 0) throw new Error(`expected "${command}" to succeed, found exit code ${code}:\n${textOf(terminal)}`);
  return terminal;
}

function textOf({ buffer: { active } }: xterm.Terminal): string {
  const lines = Array.from({ length: active.length }, (_, row) => active.getLine(row)?.translateToString(true) ?? '');
  return lines.join('\n').trimEnd();
}
