import { DockerStack } from './docker-stack.ts';
import { requireMachine } from './doctor/doctor.ts';
import { removeEndpoints } from './endpoints.ts';
import { LocalStack } from './local-stack.ts';
import { onNpmExit } from './process/npm-exit.ts';
import { stopOrphans } from './process/pid-file.ts';
import { ServerSupervisor } from './process/server-supervisor.ts';
import type { RunningStack } from './service/running-stack.ts';
import { ServerlessOffline } from './service/serverless-offline.ts';
import { parseStartOptions, type StartOptions, usage } from './start-options.ts';
import { stackDirectory } from './user-path.ts';

interface Servers {
  start(): Promise<unknown>;
  stop(): Promise<void>;
  readonly running: RunningStack;
}

const onNotice = console.log;

/** `npm start`: the servers, and the functions in a process that is restarted when it crashes. */
class StartCommand {
  readonly #options: StartOptions;
  readonly #servers: Servers;
  readonly #stopping = new AbortController();
  #functions: ServerSupervisor | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: StartOptions) {
    this.#options = options;
    const onFatal = (error: Error) => this.#fail(error);
    this.#servers = options.docker
      ? new DockerStack({ ...options, onNotice })
      : new LocalStack({ ...options, onNotice, onFatal });
  }

  async start(): Promise<void> {
    try {
      if (!this.#options.docker) await requireMachine({ ...this.#options, signal: this.#stopping.signal });
      await this.#servers.start();
      const { running } = this.#servers;
      const { directory } = running;
      const { signal } = this.#stopping;
      await stopOrphans({ directory, names: [ServerlessOffline.serverName], onNotice, signal });
      signal.throwIfAborted();
      this.#functions = new ServerSupervisor({
        ...{ server: new ServerlessOffline(running, process.cwd()), directory, inheritOutput: true },
        ...{ onNotice, onFatal: (error) => this.#fail(error) },
      });
      await this.#functions.start();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** Stops the functions, then the servers, and exits. Only the first call has an effect. */
  stopAndExit(exitCode: number): void {
    this.#stopping.abort();
    this.#stopped ??= this.#stopAll().then(
      () => process.exit(exitCode),
      (error: Error) => {
        console.error(error.message);
        process.exit(1);
      },
    );
  }

  async #stopAll(): Promise<void> {
    // Without functions this process has written no endpoints, and the file may be that of another stack.
    if (this.#functions !== undefined) await removeEndpoints(this.#servers.running.directory);
    await this.#functions?.stop();
    await this.#servers.stop();
  }

  #fail(error: Error): void {
    // Errors during a stop are consequences of the stop.
    if (this.#stopped !== undefined) return;
    console.error(error.message);
    this.stopAndExit(1);
  }
}

async function main(): Promise<void> {
  const parsed = parseStartOptions(process.argv.slice(2));
  if (parsed === undefined) return console.log(usage);
  const options = { ...parsed, directory: stackDirectory(parsed.directory) };
  const command = new StartCommand(options);
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => command.stopAndExit(0));
  onNpmExit(() => command.stopAndExit(0));
  await command.start();
}

await main().catch((error: Error) => {
  console.error(`${error.message}\n${usage}`);
  process.exitCode = 2;
});
