import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProgram } from '../../stack/process/run-program.ts';
import { cacheDirectory } from '../../stack/tools/cache-directory.ts';
import { findExecutable } from '../../stack/tools/find-executable.ts';

const REQUIREMENTS = join(import.meta.dirname, 'requirements.txt');

export interface RunOptions {
  readonly signal: AbortSignal;
  readonly report: (line: string) => void;
}

/** A virtual environment of Python with the exact versions of `requirements.txt`. */
export class PythonTools {
  readonly #binaries: string;

  private constructor(binaries: string) {
    this.#binaries = binaries;
  }

  /** Installs the environment from PyPI once for each content of `requirements.txt`, in the user's cache folder. */
  static async install({ signal, report }: RunOptions): Promise<PythonTools> {
    const requirements = await readFile(REQUIREMENTS);
    const version = createHash('sha256').update(requirements).digest('hex').slice(0, 16);
    const directory = join(cacheDirectory(), 'python', `check-infra-${version}`);
    const binaries = join(directory, 'bin');
    const complete = join(directory, 'complete');
    if (!existsSync(complete)) {
      const python = findExecutable('python3');
      if (python === undefined) {
        throw new Error(
          'cfn-lint and checkov need Python 3.10 or newer, but there is no python3 on the PATH: install it.',
        );
      }
      // What an interrupted installation has left.
      await rm(directory, { recursive: true, force: true });
      await mkdir(directory, { recursive: true });
      report('Installing cfn-lint and checkov from PyPI; this takes a minute, once');
      await run(python, ['-m', 'venv', directory], { signal, report });
      const install = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--no-deps'];
      await run(join(binaries, 'python'), [...install, '--requirement', REQUIREMENTS], { signal, report });
      await writeFile(complete, '');
    }
    return new PythonTools(binaries);
  }

  /** Runs a tool until it exits with code 0. */
  async run(tool: 'cfn-lint' | 'checkov', args: readonly string[], options: RunOptions): Promise<void> {
    await run(join(this.#binaries, tool), args, options);
  }
}

async function run(file: string, args: readonly string[], { signal, report }: RunOptions): Promise<void> {
  await runProgram({ file, args: [...args], env: { ...process.env } }, { signal, onLine: report });
}
