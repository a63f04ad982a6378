import { execFile } from 'node:child_process';
import { mkdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { findExecutable } from '../../../localstack/stack/tools/find-executable.ts';

const run = promisify(execFile);

const NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'];

export interface ChromiumExecutable {
  readonly path: string;
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * Chromium from `CHROMIUM_BIN`, from the PATH, or from the npm package @sparticuz/chromium, which has one for Linux on x64
 * with the libraries that it needs.
 */
export async function findChromium(): Promise<ChromiumExecutable> {
  const path = process.env['CHROMIUM_BIN'] ?? NAMES.map((name) => findExecutable(name)).find((found) => found);
  if (path !== undefined) return { path };
  if (process.platform === 'linux' && process.arch === 'x64') return unpackChromium();
  throw new Error('There is no Chromium on the PATH: install one, or set CHROMIUM_BIN to its path.');
}

/** The package decides by these variables of Lambda whether it unpacks the libraries too. */
const WITH_LIBRARIES = { AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs24.x' };

/** In a process of its own, because Jest cannot load the package. */
async function unpackChromium(): Promise<ChromiumExecutable> {
  const directory = join(tmpdir(), 'employee-streams-chromium');
  await mkdir(directory, { recursive: true });
  const script = `console.log(await (await import('@sparticuz/chromium')).default.executablePath())`;
  const { stdout } = await run(process.execPath, ['--input-type=module', '-e', script], {
    env: { ...process.env, ...WITH_LIBRARIES, TMPDIR: directory },
  });
  return { path: stdout.trim(), env: { LD_LIBRARY_PATH: join(directory, 'al2023/lib') } };
}
