import { isAbsolute, join } from 'node:path';
import { EventSources } from './event-sources.ts';
import { LambdaClient } from './invoke/lambda-client.ts';
import { createLogger, type Logger, reasonOf } from './logger.ts';
import { FunctionMetrics } from './metrics/function-metrics.ts';
import type { Invoker } from './model/invocation.ts';
import {
  type EventSourcesInput,
  type EventSourcesOptions,
  InvalidOptionsError,
  type RuntimeHooks,
  readOptions,
} from './options.ts';
import { hasNoEventSources, readModel } from './read-model.ts';
import { InProcessInvoker, type OfflineLambda } from './runner/in-process-invoker.ts';
import { isServedByOffline, readOfflineSettings } from './runner/offline-settings.ts';
import { patchServerlessOffline, UnsupportedVersionError } from './runner/patched-serverless-offline.ts';
import { provisionedConcurrencyOf } from './runner/provisioned-concurrency.ts';
import { removeScheduleEvents } from './runner/schedule-events.ts';
import { compileTemplate } from './template/from-serverless/compile-service.ts';
import type { Serverless } from './template/from-serverless/serverless.ts';
import { restoreZeroBatchingWindows } from './template/from-serverless/zero-batching-window.ts';
import { type Template, TemplateError } from './template/template.ts';
import type { TemplateModel } from './template/template-model.ts';

export type { EventSourcesInput } from './options.ts';

interface PluginUtilities {
  readonly log: { notice(line: string): void; warning(line: string): void; error(line: string): void };
}

/** What the start needs of the service, read and validated. */
interface Preparation {
  readonly options: EventSourcesOptions & RuntimeHooks;
  readonly model: TemplateModel;
  /** The functions of serverless-offline, once it serves them. */
  readonly lambda: Promise<OfflineLambda>;
}

/**
 * Serverless plugin: runs the event sources of the service beside `serverless offline`. List it before serverless-offline,
 * and after plugins that build handlers or set `custom.eventSources`.
 */
export default class EventSourcesPlugin {
  readonly hooks: Record<string, () => Promise<void>>;
  readonly #serverless: Serverless;
  readonly #cliOptions: Readonly<Record<string, unknown>>;
  readonly #log: PluginUtilities['log'];
  readonly #functionMetrics = new FunctionMetrics();
  readonly #ending = new AbortController();
  #started: Promise<void> | undefined;
  #sources: EventSources | undefined;
  #stopped: Promise<void> | undefined;

  constructor(serverless: Serverless, cliOptions: Readonly<Record<string, unknown>>, utilities: PluginUtilities) {
    this.#serverless = serverless;
    this.#cliOptions = cliOptions;
    this.#log = utilities.log;
    const start = () => {
      this.#started ??= this.#start();
      return this.#started;
    };
    this.hooks = {
      // `serverless offline` runs the first of these two, `serverless offline start` both.
      'before:offline:start': start,
      'before:offline:start:init': start,
      // Not `offline:start:end`, because serverless-offline ends the process there.
      'before:offline:start:end': () => this.#stop(),
      // After osls has compiled the mappings, and before it merges `resources.extensions`, which can set another window.
      'after:package:compileEvents': async () => this.#deployZeroBatchingWindows(),
    };
  }

  /** Resolves before serverless-offline starts; the event sources then start by themselves once it serves functions. */
  async #start(): Promise<void> {
    const preparation = await this.#prepare();
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void this.#stop());
    this.#run(preparation).catch((error: unknown) => {
      if (!this.#ending.signal.aborted) this.#log.error(`event sources: ${reasonOf(error)}`);
    });
  }

  /** Rejects with Serverless' own error class for what the user can correct, which is shown without a stack trace. */
  async #prepare(): Promise<Preparation> {
    try {
      const preparation = this.#readService();
      if (hasNoEventSources(preparation.model)) {
        this.#log.warning(
          'event sources: functions: no msk, kafka, s3 or schedule event is in this service, so nothing invokes them: add one, or remove the plugin (AWS: deploys it, and invokes nothing)',
        );
      }
      removeScheduleEvents(this.#serverless);
      const { lambda } = await patchServerlessOffline(this.#serviceDirectory, {
        queue: async (functionName, payload) => this.#sources?.enqueue(functionName, payload) ?? false,
        ...(preparation.options.metricsPort !== undefined && {
          takeMetricLine: (line: string) => this.#functionMetrics.record(line),
        }),
        provisionedConcurrency: provisionedConcurrencyOf(this.#serverless),
      });
      return { ...preparation, lambda };
    } catch (error) {
      const canBeCorrected =
        error instanceof TemplateError ||
        error instanceof InvalidOptionsError ||
        error instanceof UnsupportedVersionError;
      if (!canBeCorrected) throw error;
      throw new this.#serverless.classes.Error(error.message, 'EVENT_SOURCES_CONFIGURATION', { cause: error });
    }
  }

  #readService(): Pick<Preparation, 'options' | 'model'> {
    const given = readOptions(this.#serverless.service.custom?.['eventSources']);
    const stateDirectory = isAbsolute(given.stateDirectory)
      ? given.stateDirectory
      : join(this.#serviceDirectory, given.stateDirectory);
    const options = { ...given, stateDirectory };
    const provider = this.#serverless.getProvider('aws');
    const region = options.region ?? provider.getRegion();
    const stackName = provider.naming.getStackName();
    return { options, model: readModel(compileTemplate(this.#serverless), options, { region, stackName }) };
  }

  get #serviceDirectory(): string {
    return this.#serverless.serviceDir ?? process.cwd();
  }

  async #run({ options: { waitFor, onReady, ...options }, model, lambda }: Preparation): Promise<void> {
    if (waitFor !== undefined) await waitFor();
    const invoker = await this.#connect(options, lambda);
    if (this.#ending.signal.aborted) return;
    const log: Logger = createLogger(options.logLevel ?? 'warn', (line) => this.#log.notice(line));
    this.#sources = new EventSources({ model, options, invoker, log, functionMetrics: this.#functionMetrics });
    const started = this.#sources.start();
    // A source that waits for a topic or a bucket does not hold up the others. It begins when that is there.
    await Promise.race([started, this.#sources.ready()]);
    if (!this.#ending.signal.aborted) onReady?.();
    await started;
  }

  /** Resolves when functions can be invoked: in this process, or at the Invoke API that `lambdaEndpoint` names. */
  async #connect(options: EventSourcesOptions, lambda: Promise<OfflineLambda>): Promise<Invoker> {
    const settings = readOfflineSettings(this.#serverless, this.#cliOptions);
    const given = this.#serverless.service.custom?.['eventSources'] as EventSourcesInput | undefined;
    // Without an address the functions are those of serverless-offline, on whichever port it serves them.
    if (given?.lambdaEndpoint === undefined || isServedByOffline(options.lambdaEndpoint, settings)) {
      return new InProcessInvoker(await lambda, { handlersShareThread: settings.useInProcess === true });
    }
    const client = new LambdaClient({
      endpoint: options.lambdaEndpoint,
      enforceTimeout: options.enforceTimeout && settings.noTimeout !== true,
      coldStartMs: options.coldStartMs,
    });
    const remedy = 'start it, or correct custom.eventSources.lambdaEndpoint';
    await client.waitUntilReachable({
      signal: this.#ending.signal,
      onUnreachable: () =>
        this.#log.warning(`event sources: waiting for the Invoke API at ${options.lambdaEndpoint}: ${remedy}`),
    });
    return client;
  }

  #deployZeroBatchingWindows(): void {
    const template = this.#serverless.service.provider.compiledCloudFormationTemplate as Template | undefined;
    if (template !== undefined) restoreZeroBatchingWindows(this.#serverless, template.Resources);
  }

  /**
   * Under `serverless offline` there is no hook before the functions end, so that a signal alone stops the sources.
   * Batches and events whose invocation does not end in time are delivered again at the next start.
   */
  #stop(): Promise<void> {
    this.#ending.abort();
    this.#stopped ??= this.#sources?.stop() ?? Promise.resolve();
    return this.#stopped;
  }
}
