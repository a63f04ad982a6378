import { access } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join, relative } from 'node:path';
import { endpointsPath, removeEndpoints } from '../endpoints.ts';
import { childEnvironment } from '../process/child-environment.ts';
import type { Command } from '../process/managed-process.ts';
import type { Server } from '../process/server.ts';
import { type RunningStack, toEnvironment } from './running-stack.ts';

/**
 * All functions share one process, and each concurrent invocation has a thread with its own heap. This is the limit of a
 * heap's young generation. A smaller one moves the records of a batch into the old generation while they are still being
 * processed; a larger one only costs memory.
 */
const HEAP_OPTIONS = ['--max-semi-space-size=16'];
/** kafkajs starts timers with a negative delay, for which Node 24 prints a warning. */
const WARNING_OPTIONS = ['--disable-warning=TimeoutNegativeWarning'];
/** What the user may set for Serverless and for the plugin. Functions get their variables from serverless.yml. */
const PASSED_ON = [
  /^SLS_/,
  /^LOCAL_STACK_/,
  'NODE_COMPILE_CACHE',
  'CI',
  'NO_COLOR',
  'FORCE_COLOR',
  'XDG_CACHE_HOME',
  'XDG_CONFIG_HOME',
];

/** Runs the functions: `serverless offline` with its plugins, as a child process that uses running servers. */
export class ServerlessOffline implements Server {
  static readonly serverName = 'functions';
  readonly name = ServerlessOffline.serverName;
  readonly title = 'serverless offline';
  // The first start bundles the functions and runs the migrations.
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
      args: [
        ...HEAP_OPTIONS,
        ...WARNING_OPTIONS,
        join(dirname(manifestPath), bin.serverless),
        'offline',
        '--noSponsor',
      ],
      cwd: this.#serviceDirectory,
      env: {
        ...childEnvironment(PASSED_ON),
        ...toEnvironment(this.#running),
        // glibc has an arena for each thread. Buffers that another thread frees would accumulate in these arenas.
        MALLOC_ARENA_MAX: '1',
        LOCAL_STACK_BUILD: relative(this.#serviceDirectory, join(this.#running.directory, 'build')),
      },
      stopSignal: 'SIGTERM',
      stopTimeoutMs: 15_000,
    };
  }

  /** The plugin writes the endpoints when the databases are migrated and the event sources poll. */
  async probe(): Promise<void> {
    await access(endpointsPath(this.#running.directory));
  }
}
