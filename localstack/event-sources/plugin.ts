import { isAbsolute, join } from 'node:path';
import { EventSources } from './event-sources.ts';
import { LambdaClient } from './invoke/lambda-client.ts';
import { createLogger, type Logger, reasonOf } from './logger.ts';
import { type EventSourcesOptions, InvalidOptionsError, type RuntimeHooks, readOptions } from './options.ts';
import { ClaimCheck } from './runner/claim-check.ts';
import { queueAsynchronousInvocations, redeemClaims, useRestartingWorkers } from './runner/serverless-offline.ts';
import { compileTemplate, restoreZeroWindows, type Serverless, takeOverSchedules } from './template/from-serverless.ts';
import { type Template, TemplateError } from './template/template.ts';
import { readTemplate, type TemplateModel } from './template/template-model.ts';

interface PluginUtilities {
  readonly log: { notice(line: string): void; warning(line: string): void; error(line: string): void };
}

/** What serverless-offline is told by `custom.serverless-offline` and on its command line, as far as it matters here. */
interface OfflineSettings {
  readonly host?: string;
  readonly lambdaPort?: number | string;
  readonly useInProcess?: boolean;
}

const LAMBDA_POLL_MS = 100;

/**
 * Serverless plugin: runs the event sources of the service beside `serverless offline`. To be listed before
 * serverless-offline, and after the plugins that build handlers or set `custom.eventSources`.
 */
export default class EventSourcesPlugin {
  readonly hooks: Record<string, () => Promise<void>>;
  readonly #serverless: Serverless;
  readonly #cliOptions: Readonly<Record<string, unknown>>;
  readonly #log: PluginUtilities['log'];
  readonly #ending = new AbortController();
  #prepared: Promise<void> | undefined;
  #sources: EventSources | undefined;
  #client: LambdaClient | undefined;
  #claims: ClaimCheck | undefined;
  #isAdapted = false;
  #stopped: Promise<void> | undefined;
  /** Whether the end hook comes, before which the functions go on. */
  #endIsAnnounced = false;

  constructor(serverless: Serverless, cliOptions: Readonly<Record<string, unknown>>, utilities: PluginUtilities) {
    this.#serverless = serverless;
    this.#cliOptions = cliOptions;
    this.#log = utilities.log;
    const start = () => {
      this.#prepared ??= this.#prepare();
      return this.#prepared;
    };
    // `serverless offline` fires the first, `serverless offline start` both; serverless-offline ends the process in
    // its own end hook, so ours has to come before.
    this.hooks = {
      'before:offline:start': start,
      'before:offline:start:init': () => {
        this.#endIsAnnounced = true;
        return start();
      },
      'before:offline:start:end': () => this.#stop(),
      // Behind osls's own compiling, before `resources.extensions` are merged: these may still say otherwise.
      'after:package:compileEvents': async () => this.#deployZeroWindows(),
    };
  }

  /** A fault of the configuration is shown as its one line: Serverless shows other errors with their stack. */
  async #prepare(): Promise<void> {
    try {
      await this.#prepareSources();
    } catch (error) {
      if (!(error instanceof TemplateError || error instanceof InvalidOptionsError)) throw error;
      throw new this.#serverless.classes.Error(error.message, 'EVENT_SOURCES_CONFIGURATION', { cause: error });
    }
  }

  /** Reads the service; faults end the start here. The sources start by themselves when the functions are served. */
  async #prepareSources(): Promise<void> {
    const { service } = this.#serverless;
    const options = readOptions(service.custom?.['eventSources']);
    const stateDirectory = isAbsolute(options.stateDirectory)
      ? options.stateDirectory
      : join(this.#serverless.serviceDir ?? process.cwd(), options.stateDirectory);
    const provider = this.#serverless.getProvider('aws');
    const template = compileTemplate(this.#serverless);
    const region = options.region ?? provider.getRegion();
    const model = readTemplate(
      template,
      {
        region,
        stackName: provider.naming.getStackName(),
        ...(options.accountId !== undefined && { accountId: options.accountId }),
      },
      {
        ...(options.brokers !== undefined && { brokers: options.brokers }),
        allowErrorControlsOnDemand: options.errorControlsOnDemand === 'allow',
        maximumFilters: options.maximumFilters,
        now: Date.now,
      },
    );
    if (model.mappings.length + model.notifications.length + model.schedules.length === 0) {
      this.#log.warning(
        'event sources: functions: no msk, kafka, s3 or schedule event is in this service, so nothing invokes them: add one, or take the plugin out (AWS: deploys it, and invokes nothing)',
      );
    }
    takeOverSchedules(this.#serverless);
    await this.#repairRunner();
    const log = createLogger(options.logLevel ?? 'warn', (line) => this.#log.notice(line));
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => this.#onSignal());
    this.#run({ ...options, stateDirectory }, model, log).catch((error: unknown) => {
      if (!this.#ending.signal.aborted) this.#log.error(`event sources: ${reasonOf(error)}`);
    });
  }

  /** Whether functions are invoked by this very process, in the threads that it was adapted to. */
  #isOwnInvokeApi(endpoint: string): boolean {
    const settings: OfflineSettings = {
      lambdaPort: 3002,
      ...(this.#serverless.service.custom?.['serverless-offline'] as OfflineSettings | undefined),
      ...this.#cliOptions,
    };
    const { hostname, port } = new URL(endpoint);
    return (
      this.#isAdapted &&
      settings.useInProcess !== true &&
      Number(port) === Number(settings.lambdaPort) &&
      ['127.0.0.1', 'localhost', '[::1]', settings.host].includes(hostname)
    );
  }

  /** A serverless-offline whose insides look different is used as it is. */
  async #repairRunner(): Promise<void> {
    const directory = this.#serverless.serviceDir ?? process.cwd();
    try {
      useRestartingWorkers(directory);
      await redeemClaims(directory, (event) => this.#claims?.redeem(event) ?? event);
      await queueAsynchronousInvocations(directory, async (name, payload) => {
        if (this.#sources === undefined || this.#sources.functions.find(name) === undefined) return false;
        await this.#sources.queue.enqueue(name, payload);
        return true;
      });
      this.#isAdapted = true;
    } catch (error) {
      this.#log.warning(
        `event sources: serverless-offline could not be adapted, so an exception that a function throws outside of a promise ends it: ${reasonOf(error)}`,
      );
    }
  }

  async #run(options: EventSourcesOptions & RuntimeHooks, model: TemplateModel, log: Logger): Promise<void> {
    const { waitFor, onReady, ...plain } = options;
    const enforceTimeout = options.enforceTimeout && this.#cliOptions['noTimeout'] !== true;
    this.#client = new LambdaClient({
      endpoint: options.lambdaEndpoint,
      enforceTimeout,
      coldStartMs: options.coldStartMs,
    });
    this.#claims = new ClaimCheck(this.#client);
    if (waitFor !== undefined) await waitFor();
    while (!this.#ending.signal.aborted && !(await this.#client.answers())) {
      await new Promise((resolve) => setTimeout(resolve, LAMBDA_POLL_MS));
    }
    if (this.#ending.signal.aborted) return;
    const invoker = this.#isOwnInvokeApi(options.lambdaEndpoint) ? this.#claims : this.#client;
    this.#sources = new EventSources({ model, options: plain, invoker, log });
    await this.#sources.start();
    if (!this.#ending.signal.aborted) onReady?.();
  }

  #deployZeroWindows(): void {
    const template = this.#serverless.service.provider.compiledCloudFormationTemplate as Template | undefined;
    if (template !== undefined) restoreZeroWindows(this.#serverless, template.Resources);
  }

  /**
   * Without an end hook serverless-offline takes the functions away at this very moment, and then waits for requests that
   * are under way and that nobody answers any more. What they were about is delivered again at the next start.
   */
  #onSignal(): void {
    void this.#stop();
    if (!this.#endIsAnnounced) this.#client?.close();
  }

  #stop(): Promise<void> {
    this.#ending.abort();
    this.#stopped ??= this.#sources?.stop() ?? Promise.resolve();
    return this.#stopped;
  }
}
