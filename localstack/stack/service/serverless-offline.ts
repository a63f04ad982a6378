import { access } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { removeEndpoints } from '../endpoints.ts';
import type { Command } from '../process/managed-process.ts';
import type { Server } from '../process/server.ts';
import { handOver, type RunningStack } from './running-stack.ts';

/**
 * All functions share this process, each invocation under way in a thread with a heap of its own, whose young generation
 * grows to this limit. Smaller ones age the records of a batch that is still being worked on, larger ones only cost memory.
 */
const MEMORY_FLAGS = ['--max-semi-space-size=16'];

/** `serverless offline` with its plugins, as a process beside the servers that it uses. */
export class ServerlessOffline implements Server {
  readonly name = 'functions';
  readonly title = 'serverless offline';
  // The first start bundles the functions and provisions the databases.
  readonly startTimeoutMs = 600_000;
  readonly #running: RunningStack;
  readonly #serviceDirectory: string;

  constructor(running: RunningStack, serviceDirectory: string) {
    this.#running = running;
    this.#serviceDirectory = serviceDirectory;
  }

  get address(): string {
    return `http://127.0.0.1:${this.#running.ports.lambda}`;
  }

  async prepare(): Promise<Command> {
    await removeEndpoints(this.#running.directory);
    const require = createRequire(join(this.#serviceDirectory, 'package.json'));
    const manifestPath = require.resolve('serverless/package.json');
    const { bin } = require(manifestPath) as { bin: { serverless: string } };
    return {
      file: process.execPath,
      args: [...MEMORY_FLAGS, join(dirname(manifestPath), bin.serverless), 'offline', '--noSponsor'],
      cwd: this.#serviceDirectory,
      env: {
        ...process.env,
        ...handOver(this.#running),
        // Buffers that one thread makes and another one frees pile up in the arenas of the C library, one a thread.
        MALLOC_ARENA_MAX: '1',
        LOCAL_STACK_BUILD: relative(this.#serviceDirectory, join(this.#running.directory, 'build')),
      },
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 15_000,
    };
  }

  /** Ready means provisioned and polling, which is when the plugin writes the endpoints. */
  async probe(): Promise<void> {
    await access(join(this.#running.directory, 'endpoints.json'));
  }
}
