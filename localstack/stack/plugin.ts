import { resolve } from 'node:path';
import { stop as stopBundler } from 'esbuild';
import { removeEndpointsSync, type StackEndpoints, writeEndpoints } from './endpoints.ts';
import { LocalStack } from './local-stack.ts';
import { isolateClients } from './process/isolate-clients.ts';
import { onNpmExit } from './process/npm-exit.ts';
import { readyMessage } from './ready-message.ts';
import { EventSourcesStart } from './service/event-sources-start.ts';
import { FunctionInvoker } from './service/function-invoker.ts';
import { prepareService } from './service/prepare-service.ts';
import { fromEnvironment, type RunningStack } from './service/running-stack.ts';
import { servePage } from './service/serve-page.ts';
import type { Serverless } from './service/serverless-types.ts';
import { type LocalStackSettings, readSettings } from './service/settings.ts';
import { checkFunctionNames, runStartInvocations } from './service/start-invocations.ts';

interface Log {
  notice(line: string): void;
  error(line: string): void;
}

const OFFLINE_START_TIMEOUT_MS = 300_000;
const OFFLINE_EXIT_TIMEOUT_MS = 10_000;

/**
 * Serverless plugin: runs the functions of `serverless offline` against real servers.
 *
 * It starts the servers, unless the parent process did so, creates the service's buckets and tables, makes the functions
 * use the local servers, and invokes functions as `custom.localStack` says. Then it writes `endpoints.json`.
 */
export default class LocalStackPlugin {
  readonly hooks: Record<string, () => Promise<void>>;
  readonly #serverless: Serverless;
  readonly #cliOptions: Record<string, unknown>;
  readonly #log: Log;
  readonly #ending = new AbortController();
  #started: Promise<void> | undefined;
  #stack: LocalStack | undefined;
  /** Set once this process owns the directory's `endpoints.json`, which until then may be that of another stack. */
  #directory: string | undefined;
  #isOfflineRunning = false;

  constructor(serverless: Serverless, cliOptions: Record<string, unknown>, { log }: { log: Log }) {
    this.#serverless = serverless;
    this.#cliOptions = cliOptions;
    this.#log = log;
    const start = () => {
      // Serverless itself would print the error, and then wait for the servers to exit.
      this.#started ??= this.#start().catch((error: Error) => this.#fail(error));
      return this.#started;
    };
    // `serverless offline` runs the first hook, `serverless offline start` both.
    this.hooks = { 'before:offline:start': start, 'before:offline:start:init': start };
  }

  async #start(): Promise<void> {
    const { service } = this.#serverless;
    const settings = readSettings(service.custom?.['localStack']);
    const { beforeEventSources, afterEventSources, dashboard } = settings;
    checkFunctionNames(service, [
      ...beforeEventSources,
      ...afterEventSources,
      ...(dashboard ? [{ function: dashboard }] : []),
    ]);
    this.#stopWithProcess();
    // serverless-offline also passes all AWS variables of this process on to the functions.
    isolateClients();
    const running = fromEnvironment(process.env) ?? (await this.#startServers());
    this.#directory = running.directory;
    const onNotice = (line: string) => this.#log.notice(line);
    const endpoints = await prepareService(service, { running, settings, cliOptions: this.#cliOptions, onNotice });
    const eventSources = new EventSourcesStart();
    service.custom = {
      ...service.custom,
      eventSources: { ...(service.custom?.['eventSources'] as object), ...eventSources.settings(endpoints, running) },
    };
    // Not awaited, because serverless-offline serves the functions only after this hook.
    this.#finishStart(settings, endpoints, running, eventSources).catch((error: Error) => this.#fail(error));
  }

  async #startServers(): Promise<RunningStack> {
    const { LOCAL_STACK_DIRECTORY: directory = '.localstack', LOCAL_STACK_PORTS, LOCAL_STACK_S3 } = process.env;
    this.#stack = new LocalStack({
      directory: resolve(this.#serverless.serviceDir, directory),
      ports: LOCAL_STACK_PORTS === 'free' ? 'free' : 'default',
      s3: LOCAL_STACK_S3 === 'minio' ? 'minio' : 'builtin',
      onNotice: (line) => this.#log.notice(line),
      onFatal: (error) => this.#fail(error),
    });
    await this.#stack.start();
    return this.#stack.running;
  }

  async #finishStart(
    settings: LocalStackSettings,
    endpoints: StackEndpoints,
    { directory }: RunningStack,
    eventSources: EventSourcesStart,
  ): Promise<void> {
    const { service } = this.#serverless;
    const { signal } = this.#ending;
    const invoker = new FunctionInvoker(endpoints.lambda.endpoint);
    const options = { invoker, signal, onNotice: (line: string) => this.#log.notice(line) };
    await invoker.waitUntilReachable(OFFLINE_START_TIMEOUT_MS, signal);
    this.#isOfflineRunning = true;
    await runStartInvocations(service, settings.beforeEventSources, options);
    await eventSources.allow();
    await runStartInvocations(service, settings.afterEventSources, options);
    await servePage(service, settings, endpoints, options);
    if (signal.aborted) return;
    await writeEndpoints(directory, endpoints);
    this.#log.notice(readyMessage(endpoints, directory));
  }

  /**
   * Stops the servers when this process exits, after the functions.
   *
   * serverless-offline calls `process.exit` when it has stopped the functions, so only synchronous code runs after it.
   */
  #stopWithProcess(): void {
    const end = () => {
      this.#ending.abort();
      if (this.#directory !== undefined) removeEndpointsSync(this.#directory);
    };
    process.once('exit', () => {
      end();
      // `stopSync` blocks the event loop, and esbuild's process prints a long error when its parent does not respond.
      void stopBundler();
      this.#stack?.stopSync();
    });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        end();
        // serverless-offline handles signals only once it runs, and never SIGHUP.
        if (!this.#isOfflineRunning || signal === 'SIGHUP') process.exit(0);
        setTimeout(() => process.exit(0), OFFLINE_EXIT_TIMEOUT_MS).unref();
      });
    }
    onNpmExit(() => process.kill(process.pid, 'SIGTERM'));
  }

  #fail(error: Error): void {
    if (this.#ending.signal.aborted) return;
    this.#log.error(error.message);
    process.exit(1);
  }
}
