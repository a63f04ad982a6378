import { join, resolve } from 'node:path';
import { stop as stopBundler } from 'esbuild';
import { removeEndpointsNow, type StackEndpoints, writeEndpoints } from './endpoints.ts';
import { LocalStack } from './local-stack.ts';
import { onParentExit } from './process/parent-exit.ts';
import { notificationTargetArn } from './servers/minio-server.ts';
import { createBuckets, createTables } from './service/create-resources.ts';
import { findVariable, overlayEnvironment } from './service/environment.ts';
import { findBuckets, findTables } from './service/find-resources.ts';
import { FunctionInvoker } from './service/function-invoker.ts';
import { localEnvironment } from './service/local-environment.ts';
import { type RunningStack, takeOver } from './service/running-stack.ts';
import type { Serverless } from './service/serverless-types.ts';

/** What the event sources are told, as `custom.eventSources` of the service. */
export interface EventSourcesSettings {
  readonly brokers: readonly string[];
  readonly s3: Omit<StackEndpoints['s3'], 'bucket'> & {
    /** MinIO can be asked to tell about new objects; any other server has to be listed. */
    readonly kind?: 'minio';
    /** Where MinIO posts its notifications to, and the name of that target in a bucket's configuration. */
    readonly notifications?: { readonly port: number; readonly targetArn: string };
  };
  readonly lambdaEndpoint: string;
  readonly stateDirectory: string;
  /** Resolves when tables and topics are there; nothing may be invoked before. */
  waitFor(): Promise<void>;
  /** To be called when everything is being polled. */
  onReady(): void;
}

interface Log {
  notice(line: string): void;
  error(line: string): void;
}

const hostUpTimeoutMs = 300_000;
const pollingTimeoutMs = 300_000;
const hostEndTimeoutMs = 10_000;

/**
 * Serverless plugin: puts real servers under `serverless offline` before the functions start.
 *
 * It starts them, or uses those of a supervisor that has; makes the resources that CloudFormation would make; points the
 * functions at them; provisions; and says in `endpoints.json` when everything is ready.
 */
export default class LocalStackPlugin {
  readonly hooks: Record<string, () => Promise<void>>;
  readonly #serverless: Serverless;
  readonly #cliOptions: Record<string, unknown>;
  readonly #log: Log;
  readonly #ending = new AbortController();
  #started: Promise<void> | undefined;
  #stack: LocalStack | undefined;
  #directory: string | undefined;
  #hostIsUp = false;

  constructor(serverless: Serverless, cliOptions: Record<string, unknown>, { log }: { log: Log }) {
    this.#serverless = serverless;
    this.#cliOptions = cliOptions;
    this.#log = log;
    const start = () => {
      // The framework would report the error and then wait for the servers to end.
      this.#started ??= this.#start().catch((error: Error) => this.#fail(error));
      return this.#started;
    };
    // `serverless offline` fires the first, `serverless offline start` both.
    this.hooks = { 'before:offline:start': start, 'before:offline:start:init': start };
  }

  async #start(): Promise<void> {
    const given = takeOver(process.env);
    const directory =
      given?.directory ?? resolve(this.#serverless.serviceDir, process.env['LOCAL_STACK_DIRECTORY'] ?? '.localstack');
    this.#endWithProcess();
    const running = given ?? (await this.#startServers(directory));
    this.#directory = directory;
    const endpoints = await this.#prepareService(running);
    const provisioned = Promise.withResolvers<void>();
    const polling = Promise.withResolvers<void>();
    let hasEventSources = false;
    const { bucket: _, ...s3 } = endpoints.s3;
    const eventSources: EventSourcesSettings = {
      brokers: endpoints.kafka.brokers,
      s3: {
        ...s3,
        ...(running.s3.notifies && {
          kind: 'minio',
          notifications: { port: running.ports.s3Notifications, targetArn: notificationTargetArn },
        }),
      },
      lambdaEndpoint: endpoints.lambda.endpoint,
      stateDirectory: join(directory, 'event-sources'),
      waitFor: () => {
        hasEventSources = true;
        return provisioned.promise;
      },
      onReady: () => polling.resolve(),
    };
    const { service } = this.#serverless;
    // What the service sets itself, such as a log level, stays.
    service.custom = {
      ...service.custom,
      eventSources: { ...(service.custom?.['eventSources'] as object), ...eventSources },
    };
    // The rest happens when the host serves the functions, which it does after this hook.
    this.#finish(endpoints, directory, async () => {
      provisioned.resolve();
      if (!hasEventSources) return;
      const late = setTimeout(
        () => polling.reject(new Error(`The event sources are not polling after ${pollingTimeoutMs / 1000} s.`)),
        pollingTimeoutMs,
      );
      await polling.promise.finally(() => clearTimeout(late));
    }).catch((error: Error) => this.#fail(error));
  }

  async #startServers(directory: string): Promise<RunningStack> {
    this.#stack = new LocalStack({
      directory,
      ports: process.env['LOCAL_STACK_PORTS'] === 'free' ? 'free' : 'default',
      s3: process.env['LOCAL_STACK_S3'] === 'minio' ? 'minio' : 'fauxqs',
      onNotice: (line) => this.#log.notice(line),
      onFatal: (error) => this.#fail(error),
    });
    await this.#stack.start();
    return this.#stack.running;
  }

  /** Makes the service's resources and points its functions at them. */
  async #prepareService({ endpoints, ports, s3: server }: RunningStack): Promise<StackEndpoints> {
    const { service } = this.#serverless;
    const s3 = { ...endpoints.s3, region: service.provider.region };
    const buckets = findBuckets(service);
    const tables = findTables(service);
    await Promise.all([
      createBuckets(buckets, s3, server.keepsVersions),
      createTables(tables, endpoints.dynamodb.endpoint, s3),
    ]);
    const offline = { ...(service.custom?.['serverless-offline'] as Record<string, unknown> | undefined) };
    const lambdaPort = Number(this.#cliOptions['lambdaPort'] ?? offline['lambdaPort'] ?? ports.lambda);
    const httpPort = Number(this.#cliOptions['httpPort'] ?? offline['httpPort'] ?? ports.http);
    Object.assign(offline, { host: '127.0.0.1', lambdaPort, httpPort, noPrependStageInUrl: true });
    service.custom = { ...service.custom, 'serverless-offline': offline };
    const lambda = { endpoint: `http://127.0.0.1:${lambdaPort}` };
    const local = localEnvironment({ ...endpoints, s3, lambda }, [...buckets, ...tables]);
    // serverless-offline hands every AWS variable of this process on, a developer's real credentials too.
    for (const name of Object.keys(process.env)) if (name.startsWith('AWS_')) delete process.env[name];
    for (const name of overlayEnvironment(service, local)) {
      this.#log.notice(`${name} refers to something that exists on AWS only; the function sees no useful value.`);
    }
    return {
      ...endpoints,
      lambda,
      s3: { ...s3, bucket: findVariable(service, 'BUCKET_NAME') ?? buckets[0]?.name ?? '' },
      dynamodb: {
        ...endpoints.dynamodb,
        offsetTable: findVariable(service, 'OFFSET_TABLE') ?? tables[0]?.name ?? '',
      },
    };
  }

  async #finish(endpoints: StackEndpoints, directory: string, startEventSources: () => Promise<void>): Promise<void> {
    const functions = new FunctionInvoker(endpoints.lambda.endpoint);
    await functions.waitUntilUp(hostUpTimeoutMs, this.#ending.signal);
    this.#hostIsUp = true;
    const provision = this.#nameOf('provision');
    if (provision !== undefined) await functions.invoke(provision, {});
    await startEventSources();
    const poller = this.#nameOf('poll-changes');
    if (poller !== undefined) {
      // Otherwise the first change would wait for the first minute. It runs on; its schedule brings the next one. Of
      // those before this process none is left.
      void functions.invoke(poller, { ownerIsDead: true }, this.#ending.signal).catch((error: Error) => {
        if (!this.#ending.signal.aborted) this.#log.notice(error.message);
      });
    }
    await this.#warmUp(functions);
    if (this.#ending.signal.aborted) return;
    await writeEndpoints(directory, endpoints);
    this.#log.notice(describe(endpoints, directory));
  }

  /**
   * Loads an instance of the applier for each partition, as a partition has one batch in flight at most: instances that
   * load with the first changes, and all at the same time, take longer than the second within which one is to be visible.
   */
  async #warmUp(functions: FunctionInvoker): Promise<void> {
    const applier = this.#nameOf('apply-changes');
    if (applier === undefined) return;
    const partitions = Number(findVariable(this.#serverless.service, 'TOPIC_PARTITIONS') ?? 1);
    await Promise.all(Array.from({ length: partitions }, () => functions.invoke(applier, { records: {} })));
  }

  #nameOf(key: string): string | undefined {
    const { service } = this.#serverless;
    return service.getAllFunctions().includes(key) ? service.getFunction(key).name : undefined;
  }

  /**
   * Whatever ends this process ends the servers, after the functions.
   *
   * serverless-offline exits by itself when it has stopped the functions, which leaves no moment to await anything.
   */
  #endWithProcess(): void {
    const end = () => {
      this.#ending.abort();
      // As long as the servers are not there, the file may be that of another stack.
      if (this.#directory !== undefined) removeEndpointsNow(this.#directory);
    };
    process.once('exit', () => {
      end();
      // Its process takes a parent that does not answer for a while, as below, as a reason to complain at length.
      void stopBundler();
      this.#stack?.stopNow();
    });
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
      process.once(signal, () => {
        end();
        // Only once it is up does serverless-offline itself end the process, and of the last it never hears.
        if (!this.#hostIsUp || signal === 'SIGHUP') process.exit(0);
        setTimeout(() => process.exit(0), hostEndTimeoutMs).unref();
      });
    }
    onParentExit(() => process.kill(process.pid, 'SIGTERM'));
  }

  #fail(error: Error): void {
    if (this.#ending.signal.aborted) return;
    this.#log.error(error.message);
    process.exit(1);
  }
}

function describe(endpoints: StackEndpoints, directory: string): string {
  const lines = [
    ['Kafka', endpoints.kafka.brokers.join(',')],
    ['source database', endpoints.sourceDatabaseUrl],
    ['target database', endpoints.targetDatabaseUrl],
    ['S3', `${endpoints.s3.endpoint}/${endpoints.s3.bucket}`],
    ['DynamoDB', endpoints.dynamodb.endpoint],
    ['functions', endpoints.lambda.endpoint],
  ];
  const table = lines.map(([what, where]) => `  ${what?.padEnd(16)} ${where}`).join('\n');
  return `\nEverything is ready; the addresses are in ${join(directory, 'endpoints.json')}:\n${table}\n`;
}
