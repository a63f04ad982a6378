import { type ChildProcess, spawn } from 'node:child_process';
import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PortChooser } from '../../../localstack/stack/process/ports.ts';

const repository = join(import.meta.dirname, '..', '..', '..');
const START_TIMEOUT_MS = 60_000;

/** serverless-offline in a process of its own, with a function that does nothing and one that returns the time. */
export class FunctionsHost {
  readonly endpoint: string;
  readonly #process: ChildProcess;

  constructor(endpoint: string, process: ChildProcess) {
    this.endpoint = endpoint;
    this.#process = process;
  }

  static async start(directory: string): Promise<FunctionsHost> {
    const project = join(directory, 'project');
    await mkdir(project, { recursive: true });
    await symlink(join(repository, 'node_modules'), join(project, 'node_modules'));
    const ports = new PortChooser({ preferDefaults: false, onNotice: () => {} });
    const [lambdaPort, httpPort] = [await ports.choose('lambda'), await ports.choose('http')];
    await writeFile(join(project, 'package.json'), '{"type":"module","private":true}');
    await writeFile(
      join(project, 'handler.js'),
      `import { performance } from 'node:perf_hooks';
export const noop = async () => null;
export const stamp = async () => ({ at: performance.timeOrigin + performance.now() });
`,
    );
    await writeFile(
      join(project, 'serverless.yml'),
      JSON.stringify({
        service: 'bench',
        provider: { name: 'aws', runtime: 'nodejs24.x', stage: 'local', timeout: 30 },
        plugins: ['serverless-offline'],
        functions: { noop: { handler: 'handler.noop' }, stamp: { handler: 'handler.stamp' } },
        custom: { 'serverless-offline': { host: '127.0.0.1', lambdaPort, httpPort } },
      }),
    );
    const serverless = join(repository, 'node_modules', 'serverless', 'bin', 'serverless.js');
    const child = spawn(process.execPath, [...process.execArgv, serverless, 'offline', 'start'], {
      cwd: project,
      stdio: 'pipe',
    });
    const endpoint = `http://127.0.0.1:${lambdaPort}`;
    const host = new FunctionsHost(endpoint, child);
    try {
      await waitUntilListening(child, endpoint);
      return host;
    } catch (error) {
      await host.stop();
      throw error;
    }
  }

  async stop(): Promise<void> {
    if (this.#process.exitCode !== null) return;
    const ended = new Promise((resolve) => this.#process.once('exit', resolve));
    this.#process.kill('SIGTERM');
    const timer = setTimeout(() => this.#process.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(timer);
  }
}

/** Resolves when serverless-offline prints that it listens. Rejects when it exits before, or takes too long. */
function waitUntilListening(child: ChildProcess, endpoint: string): Promise<void> {
  return new Promise((resolve, reject) => {
    let output = '';
    const fail = () =>
      reject(new Error(`expected serverless-offline to listen at ${endpoint}; its output:\n${output}`));
    const timer = setTimeout(fail, START_TIMEOUT_MS);
    child.once('exit', fail);
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on('data', (chunk: Buffer) => {
        // Later output is read too, because a full pipe would block the process.
        output = `${output}${chunk}`.slice(-10_000);
        if (!output.includes(`listening on ${endpoint}`)) return;
        clearTimeout(timer);
        resolve();
      });
    }
  });
}
