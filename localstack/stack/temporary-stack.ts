import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readEndpoints, type StackEndpoints } from './endpoints.ts';
import { LocalStack, type StackOptions } from './local-stack.ts';
import { ServerSupervisor } from './process/server-supervisor.ts';
import { ServerlessOffline } from './service/serverless-offline.ts';

export interface TemporaryStackOptions {
  /** Progress and what went wrong but was mended, one line each. */
  readonly onNotice: (line: string) => void;
  readonly s3?: NonNullable<StackOptions['s3']>;
  /** Runs when the servers answer and no function has been invoked yet. */
  readonly beforeFunctions?: (endpoints: StackEndpoints) => Promise<void>;
}

const serviceDirectory = resolve(import.meta.dirname, '../..');

/** Servers and functions on free ports and with data of their own, all gone afterwards. Use an instance once. */
export class TemporaryStack {
  readonly #options: TemporaryStackOptions;
  readonly #failed = Promise.withResolvers<never>();
  readonly #stoppable: { stop(): Promise<void> }[] = [];
  #directory: string | undefined;
  #servers: LocalStack | undefined;
  #functions: ServerSupervisor | undefined;
  #ended: Promise<void> | undefined;

  constructor(options: TemporaryStackOptions) {
    this.#options = options;
    // Nobody may be listening when a server dies for good.
    this.#failed.promise.catch(() => {});
  }

  /** Resolves when the functions are provisioned and their event sources poll. */
  async start(): Promise<StackEndpoints> {
    const directory = await mkdtemp(join(tmpdir(), 'employee-streams-'));
    this.#directory = directory;
    const { onNotice, beforeFunctions, s3 } = this.#options;
    const options = { directory, onNotice, onFatal: (error: Error) => this.#failed.reject(error) };
    this.#servers = new LocalStack({ ...options, ports: 'free', ...(s3 && { s3 }) });
    this.#stoppable.push(this.#servers);
    const endpoints = await this.#servers.start();
    await beforeFunctions?.(endpoints);
    const server = new ServerlessOffline(this.#servers.running, serviceDirectory);
    this.#functions = new ServerSupervisor({ ...options, server });
    this.#stoppable.push(this.#functions);
    await this.#functions.start();
    return readEndpoints(directory);
  }

  /** For files that belong to the run, and where the logs are. */
  get directory(): string {
    return expectStarted(this.#directory);
  }

  get servers(): LocalStack {
    return expectStarted(this.#servers);
  }

  /** The process that all functions run in; waits for it while it is being started again. */
  async functionsPid(): Promise<number> {
    return expectStarted(this.#functions).pid();
  }

  /** Ends with the work, or with the server that has died for good meanwhile. */
  whileUp<Result>(work: Promise<Result>): Promise<Result> {
    return Promise.race([work, this.#failed.promise]);
  }

  /** Stops everything and removes what was written; only the first call counts. */
  stop(): Promise<void> {
    this.#ended ??= (async () => {
      for (const part of this.#stoppable.reverse()) await part.stop();
      if (this.#directory !== undefined) await rm(this.#directory, { recursive: true, force: true });
    })();
    return this.#ended;
  }
}

function expectStarted<Part>(part: Part | undefined): Part {
  if (part === undefined) throw new Error('a temporary stack has its parts once it has been started');
  return part;
}
