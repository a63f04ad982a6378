import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { readEndpoints, type StackEndpoints } from '../../../localstack/stack/endpoints.ts';
import { FunctionsHost } from '../../../localstack/stack/functions-host.ts';
import { LocalStack } from '../../../localstack/stack/stack.ts';
import { SupervisedServer } from '../../../localstack/stack/supervised-server.ts';

/** A stack of a benchmark's own: free ports, empty data, gone afterwards. */
export class BenchStack {
  readonly #failed = Promise.withResolvers<never>();
  readonly #stoppable: { stop(): Promise<void> }[] = [];
  readonly #report: (line: string) => void;
  #directory: string | undefined;
  #functions: SupervisedServer | undefined;
  #ended: Promise<void> | undefined;

  constructor(report: (line: string) => void) {
    this.#report = report;
    this.#failed.promise.catch(() => {});
  }

  /** Resolves when the functions are provisioned and polling. */
  async start(): Promise<StackEndpoints> {
    const directory = await mkdtemp(join(tmpdir(), 'employee-streams-bench-'));
    this.#directory = directory;
    const options = { directory, onNotice: this.#report, onFatal: (error: Error) => this.#failed.reject(error) };
    const servers = new LocalStack({ ...options, ports: 'free' });
    this.#stoppable.push(servers);
    await servers.start();
    const host = new FunctionsHost(servers.running, resolve(import.meta.dirname, '../../..'));
    this.#functions = new SupervisedServer({ ...options, server: host });
    this.#stoppable.push(this.#functions);
    await this.#functions.start();
    return readEndpoints(directory);
  }

  /** For files that belong to the run. */
  get directory(): string {
    if (this.#directory === undefined) throw new Error('the directory of a stack is known once it has been started');
    return this.#directory;
  }

  /** The process that all functions run in. */
  async functionsPid(): Promise<number> {
    if (this.#functions === undefined) throw new Error('the functions of a stack have a process once it is started');
    return this.#functions.pid();
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
