import { relative } from 'node:path';
import { Option } from '@commander-js/extra-typings';
import { DockerStack } from '../../stack/docker-stack.ts';
import { requireMachine } from '../../stack/doctor/doctor.ts';
import { readEndpoints, removeEndpoints } from '../../stack/endpoints.ts';
import { LocalStack } from '../../stack/local-stack.ts';
import { onNpmExit } from '../../stack/process/npm-exit.ts';
import { stopOrphans } from '../../stack/process/pid-file.ts';
import { ServerSupervisor } from '../../stack/process/server-supervisor.ts';
import { readyMessage } from '../../stack/ready-message.ts';
import type { S3ServerKind } from '../../stack/servers/stack-servers.ts';
import type { RunningStack } from '../../stack/service/running-stack.ts';
import { ServerlessOffline } from '../../stack/service/serverless-offline.ts';
import { onInterrupt } from '../terminal/interrupt.ts';
import { printResult } from '../terminal/output.ts';
import { createProgram, directoryOption, errorMessage, runCommand, UsageError } from '../terminal/program.ts';
import { runSteps } from '../terminal/steps.ts';
import { limitLog } from './log-limit.ts';
import { createStateScreen, PLAIN_SCREEN, type Screen } from './screen.ts';

interface StartOptions {
  readonly directory: string;
  readonly ports: 'default' | 'free';
  readonly s3: S3ServerKind;
  readonly fresh: boolean;
  readonly docker: boolean;
  /** Prints what the functions and serverless offline print, instead of writing it to a log file. */
  readonly verbose: boolean;
}

interface Servers {
  start(): Promise<unknown>;
  stop(): Promise<void>;
  readonly running: RunningStack;
}

/** `npm start`: the servers, and the functions in a process that is restarted when it crashes. */
class StartCommand {
  readonly #options: StartOptions;
  readonly #servers: Servers;
  readonly #stopping = new AbortController();
  /** Shows a line: the progress of the step that runs, and later what happens to the running stack. */
  #notify: (line: string) => void = printResult;
  #screen: Screen = PLAIN_SCREEN;
  #functions: ServerSupervisor | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: StartOptions) {
    this.#options = options;
    const onFatal = (error: Error) => this.#fail(error);
    const onNotice = (line: string) => this.#notify(line);
    this.#servers = options.docker
      ? new DockerStack({ ...options, onNotice })
      : new LocalStack({ ...options, onNotice, onFatal });
  }

  async start(): Promise<void> {
    try {
      if (!this.#options.docker) await requireMachine({ ...this.#options, signal: this.#stopping.signal });
      const isTerminal = process.stderr.isTTY && !this.#options.verbose;
      await runSteps(
        [
          { title: 'Starting the servers', run: (report) => this.#startServers(report) },
          { title: 'Starting the functions and their event sources', run: (report) => this.#startFunctions(report) },
        ],
        isTerminal,
      );
      await this.#showReady();
    } catch (error) {
      this.#fail(error as Error);
    }
  }

  /** Stops the functions, then the servers, and exits. Only the first call has an effect. */
  stopAndExit(exitCode: number): Promise<void> {
    this.#stopping.abort();
    this.#screen.close();
    this.#stopped ??= this.#stopAll().then(
      () => process.exit(exitCode),
      (error: Error) => {
        console.error(error.message);
        process.exit(1);
      },
    );
    return this.#stopped;
  }

  async #startServers(report: (line: string) => void): Promise<string> {
    this.#notify = report;
    await this.#servers.start();
    return 'Kafka, two PostgreSQL, S3, DynamoDB';
  }

  async #startFunctions(report: (line: string) => void): Promise<undefined> {
    this.#notify = report;
    const { running } = this.#servers;
    const { directory } = running;
    const { signal } = this.#stopping;
    const onNotice = (line: string) => this.#notify(line);
    await stopOrphans({ directory, names: [ServerlessOffline.serverName], onNotice, signal });
    signal.throwIfAborted();
    this.#functions = new ServerSupervisor({
      ...{ server: new ServerlessOffline(running, process.cwd()), directory, inheritOutput: this.#options.verbose },
      ...{ onNotice, onFatal: (error) => this.#fail(error) },
    });
    report('the functions are bundled, tables and topics are created');
    await this.#functions.start();
  }

  async #showReady(): Promise<void> {
    const { directory } = this.#servers.running;
    const endpoints = await readEndpoints(directory);
    const { verbose } = this.#options;
    // With --verbose, serverless offline has printed the addresses.
    if (!verbose) printResult(`${readyMessage(endpoints, directory)}  ${logLine(this.#functions?.logPath)}\n`);
    if (this.#functions?.logPath !== undefined) limitLog(this.#functions.logPath);
    if (process.stdout.isTTY && !verbose) this.#screen = await createStateScreen();
    this.#notify = (line) => this.#screen.notice(line);
    this.#screen.showState(endpoints, `${directory}/logs`);
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
    this.#screen.close();
    console.error(errorMessage(error));
    void this.stopAndExit(1);
  }
}

function logLine(path: string | undefined): string {
  const inProject = path === undefined ? 'this terminal' : relative(process.cwd(), path);
  return `${'log of functions'.padEnd(16)} ${inProject.startsWith('..') ? path : inProject}`;
}

const program = createProgram('npm start', 'Starts the servers, the functions and their event sources, until Ctrl-C.')
  .option('--fresh', 'delete the data of earlier runs first', false)
  .addOption(
    new Option('--s3 <KIND>', 'use MinIO as the S3 server, which keeps versions, instead of the built-in one')
      .choices(['builtin', 'minio'] as const)
      .default('builtin' as const),
  )
  .option('--docker', 'run the servers in containers instead of natively', false)
  .addOption(
    new Option('--ports <PORTS>', 'use any free ports instead of the default ones')
      .choices(['default', 'free'] as const)
      .default('default' as const),
  )
  .option('--verbose', 'print what the functions print, instead of writing it to their log file', false)
  .addOption(directoryOption())
  .action(async (options) => {
    if (options.docker && (options.s3 === 'minio' || options.ports === 'free')) {
      throw new UsageError('--docker always uses MinIO and the default ports: leave out --s3 and --ports.');
    }
    const command = new StartCommand(options);
    onInterrupt(() => command.stopAndExit(0));
    onNpmExit(() => command.stopAndExit(0));
    await command.start();
  });

await runCommand(program);
