import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readEndpoints, type StackEndpoints } from './endpoints.ts';
import { LocalStack } from './local-stack.ts';
import { ServerSupervisor } from './process/server-supervisor.ts';
import type { S3ServerKind } from './servers/stack-servers.ts';
import { ServerlessOffline } from './service/serverless-offline.ts';

export interface TemporaryStackOptions {
  /** Reports progress and restarts, one line at a time. */
  readonly onNotice: (line: string) => void;
  readonly s3?: S3ServerKind;
  /** Runs when the servers are ready, before any function is invoked. */
  readonly beforeFunctions?: (endpoints: StackEndpoints) => Promise<void>;
}

const SERVICE_DIRECTORY = resolve(import.meta.dirname, '../..');

/** Servers and functions with free ports and a temporary directory, which `stop` deletes. Use an instance once. */
export class TemporaryStack {
  readonly #options: TemporaryStackOptions;
  readonly #crashed = Promise.withResolvers<never>();
  readonly #started: { stop(): Promise<void> }[] = [];
  #directory: string | undefined;
  #servers: LocalStack | undefined;
  #functions: ServerSupervisor | undefined;
  #stopped: Promise<void> | undefined;

  constructor(options: TemporaryStackOptions) {
    this.#options = options;
    // Avoids an unhandled rejection when `whileUp` is not in use.
    this.#crashed.promise.catch(() => {});
  }

  /** Resolves when the functions can be invoked and their event sources poll. */
  async start(): Promise<StackEndpoints> {
    const directory = await mkdtemp(join(tmpdir(), 'employee-streams-'));
    this.#directory = directory;
    const { onNotice, beforeFunctions, s3 } = this.#options;
    const options = { directory, onNotice, onFatal: (error: Error) => this.#crashed.reject(error) };
    this.#servers = new LocalStack({ ...options, ports: 'free', ...(s3 && { s3 }) });
    this.#started.push(this.#servers);
    const endpoints = await this.#servers.start();
    await beforeFunctions?.(endpoints);
    const server = new ServerlessOffline(this.#servers.running, SERVICE_DIRECTORY);
    this.#functions = new ServerSupervisor({ ...options, server });
    this.#started.push(this.#functions);
    await this.#functions.start();
    return readEndpoints(directory);
  }

  /** Has the data and the logs; also for other files of the run. */
  get directory(): string {
    return expectStarted(this.#directory);
  }

  get servers(): LocalStack {
    return expectStarted(this.#servers);
  }

  /** The id of the process that runs all functions. While it restarts, waits until it is ready. */
  async functionsPid(): Promise<number> {
    return expectStarted(this.#functions).pid();
  }

  /** Settles like `work`, but rejects at once when a server keeps crashing. */
  whileUp<Result>(work: Promise<Result>): Promise<Result> {
    return Promise.race([work, this.#crashed.promise]);
  }

  /** Stops all processes and deletes the directory. Only the first call has an effect. */
  stop(): Promise<void> {
    this.#stopped ??= (async () => {
      for (const part of this.#started.reverse()) await part.stop();
      // A server that was killed may leave processes that write until they notice it.
      if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true, maxRetries: 20 });
    })();
    return this.#stopped;
  }
}

function expectStarted<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Error('The temporary stack is not started: await start() first.');
  return part;
}
