import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PortChooser } from '../../../localstack/stack/process/ports.ts';
import { eventually, StopWaiting } from '../eventually.ts';

const repository = join(import.meta.dirname, '..', '..', '..');

export interface Recorded {
  readonly fn: string;
  // biome-ignore lint/suspicious/noExplicitAny: events of several kinds, read by tests that know which.
  readonly event: any;
}

const ports = new PortChooser({ preferDefaults: false, onNotice: () => {} });

/** A port that is reserved for this test until it listens there, which may be seconds later. */
export function freePort(): Promise<number> {
  return ports.choose('lambda');
}

/** A Serverless project for one test, with the plugin before serverless-offline, as a user would have it. */
export class ScratchService {
  readonly directory: string;
  readonly lambdaPort: number;
  readonly metricsPort: number;
  output = '';
  #child: ChildProcess | undefined;

  private constructor(directory: string, lambdaPort: number, metricsPort: number) {
    this.directory = directory;
    this.lambdaPort = lambdaPort;
    this.metricsPort = metricsPort;
  }

  /** `handlers` is the source of a module, in which `record(name, event)` makes a call visible to the test. */
  static async create(functions: object, eventSources: object, handlers: string): Promise<ScratchService> {
    const directory = await mkdtemp(join(tmpdir(), 'scratch-service-'));
    const service = new ScratchService(directory, await freePort(), await freePort());
    for (const name of ['node_modules', 'localstack']) await symlink(join(repository, name), join(directory, name));
    await writeFile(join(directory, 'package.json'), '{"name":"scratch","type":"module","private":true}');
    await writeFile(
      join(directory, 'handler.js'),
      `import { appendFileSync, existsSync, readFileSync } from 'node:fs';
const file = ${JSON.stringify(service.#recordFile)};
const record = (fn, event) => appendFileSync(file, JSON.stringify({ fn, event }) + '\\n');
const callsOf = (fn) =>
  existsSync(file) ? readFileSync(file, 'utf8').split('\\n').filter((line) => line.startsWith('{"fn":"' + fn + '"')).length : 0;
${handlers}`,
    );
    await writeFile(
      join(directory, 'serverless.yml'),
      JSON.stringify({
        service: 'scratch',
        frameworkVersion: '4',
        provider: { name: 'aws', runtime: 'nodejs24.x', stage: 'local', region: 'eu-central-1', timeout: 600 },
        plugins: ['./localstack/event-sources/plugin.ts', 'serverless-offline'],
        functions,
        custom: {
          eventSources: {
            lambdaEndpoint: `http://127.0.0.1:${service.lambdaPort}`,
            stateDirectory: '.state',
            metricsPort: service.metricsPort,
            ...eventSources,
          },
          'serverless-offline': { host: '127.0.0.1', lambdaPort: service.lambdaPort, httpPort: await freePort() },
        },
      }),
    );
    return service;
  }

  /** `serverless offline start`; returns at once. */
  start(nodeArguments: readonly string[] = [], environment: Readonly<Record<string, string>> = {}): void {
    const serverless = join(repository, 'node_modules', 'serverless', 'bin', 'serverless.js');
    const child = spawn(process.execPath, [...nodeArguments, serverless, 'offline', 'start'], {
      cwd: this.directory,
      env: { ...process.env, ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    for (const stream of [child.stdout, child.stderr]) {
      stream.on('data', (chunk: Buffer) => {
        this.output += chunk.toString();
      });
    }
    this.#child = child;
  }

  get exitCode(): number | null {
    return this.#child?.exitCode ?? null;
  }

  /** The calls that the functions have recorded so far. */
  get calls(): Recorded[] {
    if (!existsSync(this.#recordFile)) return [];
    const lines = readFileSync(this.#recordFile, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Recorded);
  }

  callsOf(fn: string): Recorded[] {
    return this.calls.filter((call) => call.fn === fn);
  }

  /** As `eventually`, but fails at once when serverless has ended, and shows its output. */
  async until(check: () => boolean | Promise<boolean>, withinMs = 100_000): Promise<void> {
    const checkWhileRunning = () => {
      if (this.#child?.exitCode !== null) throw new StopWaiting('serverless ended');
      return check();
    };
    await eventually(checkWhileRunning, { withinMs, what: String(check) }).catch((cause: unknown) => {
      throw new Error(`${String(cause)}\ncalls: ${JSON.stringify(this.calls)}\noutput: ${this.output}`, { cause });
    });
  }

  async metrics(): Promise<{ mappings: Record<string, Record<string, number>>; asynchronous: { queued: number } }> {
    const response = await fetch(`http://127.0.0.1:${this.metricsPort}/metrics.json`);
    return (await response.json()) as Awaited<ReturnType<ScratchService['metrics']>>;
  }

  /** Interrupts it as ctrl-c does. Resolves with the exit code. */
  async interrupt(): Promise<number | null> {
    const ended = this.ended();
    this.#child?.kill('SIGINT');
    return ended;
  }

  /** Resolves with the exit code when it has ended and all of its output was read. */
  async ended(): Promise<number | null> {
    if (this.#child === undefined) throw new Error('not started');
    const [code] = (await once(this.#child, 'close')) as [number | null];
    return code;
  }

  async dispose(): Promise<void> {
    const child = this.#child;
    if (child !== undefined && child.exitCode === null && child.signalCode === null) {
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
    }
    await rm(this.directory, { recursive: true, force: true });
  }

  get #recordFile(): string {
    return join(this.directory, 'calls.jsonl');
  }
}
