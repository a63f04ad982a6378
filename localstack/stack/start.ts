import { DockerStack } from './docker-stack.ts';
import { removeEndpoints } from './endpoints.ts';
import { LocalStack } from './local-stack.ts';
import { onParentExit } from './process/parent-exit.ts';
import { ServerSupervisor } from './process/server-supervisor.ts';
import type { RunningStack } from './service/running-stack.ts';
import { ServerlessOffline } from './service/serverless-offline.ts';
import { parseStartOptions, type StartOptions, usage } from './start-options.ts';

interface Servers {
  start(): Promise<unknown>;
  stop(): Promise<void>;
  readonly running: RunningStack;
}

/** `npm start`: the servers, and beside them the functions in a process that may die and is started again. */
class Supervisor {
  readonly #servers: Servers;
  #functions: ServerSupervisor | undefined;
  #ending: Promise<void> | undefined;

  constructor(options: StartOptions) {
    this.#servers = options.docker
      ? new DockerStack({ ...options, onNotice: say })
      : new LocalStack({ ...options, onNotice: say, onFatal: (error) => this.#fail(error) });
  }

  async start(): Promise<void> {
    try {
      await this.#servers.start();
      const server = new ServerlessOffline(this.#servers.running, process.cwd());
      this.#functions = new ServerSupervisor({
        ...{ server, directory: this.#servers.running.directory, printsHere: true },
        ...{ onNotice: say, onFatal: (error) => this.#fail(error) },
      });
      await this.#functions.endLeftover();
      if (this.#ending === undefined) await this.#functions.start();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** Ends everything, functions first, and the process with it; only the first call counts. */
  end(exitCode: number): void {
    this.#ending ??= this.#stopAll().then(
      () => process.exit(exitCode),
      (error: Error) => {
        process.stderr.write(`${error.message}\n`);
        process.exit(1);
      },
    );
  }

  async #stopAll(): Promise<void> {
    // Before there were functions nothing was written, and the file may be that of another stack.
    if (this.#functions !== undefined) await removeEndpoints(this.#servers.running.directory);
    await this.#functions?.stop();
    await this.#servers.stop();
  }

  #fail(error: Error): void {
    // What fails because all is being ended is no news.
    if (this.#ending !== undefined) return;
    process.stderr.write(`${error.message}\n`);
    this.end(1);
  }
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function main(): Promise<void> {
  const options = parseStartOptions(process.argv.slice(2));
  if (options === undefined) return say(usage);
  const supervisor = new Supervisor(options);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => supervisor.end(0));
  onParentExit(() => supervisor.end(0));
  await supervisor.start();
}

await main().catch((error: Error) => {
  process.stderr.write(`${error.message}\n${usage}\n`);
  process.exitCode = 2;
});
