/**
 * serverless-offline differs from Lambda in five ways that break functions, and offers no setting for them:
 *
 * - An exception outside of a promise, or `process.exit`, in a handler ends the whole process or looks like a timeout,
 *   and a thrown value that is not an `Error` counts as success. Functions run in restarting threads instead.
 *   https://github.com/dherault/serverless-offline/issues/255, and /issues/1896 for threads that are never recreated
 * - An exception in a Python handler ends its process, and the invocation and all later ones time out; so does an
 *   invocation that returns None. Python functions run in processes of our own script instead.
 *   https://github.com/dherault/serverless-offline/issues/1823 and /issues/1366
 * - `InvocationType: Event` is not retried, and an error of the function ends the process. It is queued instead.
 *   https://github.com/dherault/serverless-offline/pull/1279
 * - Its pool of functions is private, so that another plugin can only invoke them through HTTP.
 *   https://github.com/dherault/serverless-offline/issues/1315
 * - It ends every instance that was idle for `terminateIdleLambdaTime`, also those of a function with
 *   `provisionedConcurrency`, which then all start again with the next events. These are kept instead. The setting
 *   itself is for all functions, and an idle instance takes some 60 MB.
 *
 * tests/unit/event-sources/runner/patched-serverless-offline.test.ts fails when one of these no longer holds.
 */
import childProcess, { type SpawnOptions } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import workerThreads, { type WorkerOptions } from 'node:worker_threads';
import { reasonOf } from '../logger.ts';
import { withResolvers } from '../node-20.ts';
import type { OfflineLambda } from './in-process-invoker.ts';
import { isMetricLine } from './metric-lines.ts';
import { PythonProcess } from './python-process.ts';
import { RestartingWorker } from './restarting-worker.ts';

/** The version whose files were read for these patches. */
const PATCHED_VERSION = '14.8.2';

/** serverless-offline has a version that the patches are not made for. */
export class UnsupportedVersionError extends Error {
  override readonly name = 'UnsupportedVersionError';
}

/** Queues an asynchronous invocation. Resolves with false when the function is unknown. */
export type QueueInvocation = (functionName: string, payload: string) => Promise<boolean>;

interface InvocationsController {
  invoke(name: string, type: string | undefined, event: unknown, clientContext: unknown): Promise<unknown>;
}

interface PooledInstance {
  readonly functionName: string;
}

interface StartableLambda extends OfflineLambda {
  start(): Promise<void>;
}

/** Takes what a function prints in CloudWatch's embedded metric format. */
export type TakeMetricLine = (line: string) => void;

export interface PatchOptions {
  readonly queue: QueueInvocation;
  /** Without it, functions print these lines. */
  readonly takeMetricLine?: TakeMetricLine;
  /** How many instances of a function are kept while they are idle, by the function's name. */
  readonly provisionedConcurrency?: ReadonlyMap<string, number>;
}

/**
 * Patches the serverless-offline that the project in the directory uses; to be called once, before it starts. `lambda`
 * resolves with its pool of functions once they can be invoked.
 *
 * @throws {UnsupportedVersionError} before anything is patched.
 */
export async function patchServerlessOffline(
  serviceDirectory: string,
  { queue, takeMetricLine, provisionedConcurrency = new Map() }: PatchOptions,
): Promise<{ readonly lambda: Promise<OfflineLambda> }> {
  const lambdaModule = locateLambdaModule(serviceDirectory);
  const log = await importLog(lambdaModule);
  const take = takeMetricLine && withoutExceptions(takeMetricLine, log);
  runFunctionsInRestartingThreads(lambdaModule, take);
  await runPythonInRestartingProcesses(lambdaModule, log, take);
  await queueEventInvocations(lambdaModule, queue);
  await keepProvisionedInstances(lambdaModule, provisionedConcurrency);
  return captureStartedLambda(lambdaModule);
}

function locateLambdaModule(serviceDirectory: string): URL {
  const require = createRequire(join(serviceDirectory, 'package.json'));
  const module = pathToFileURL(require.resolve('serverless-offline/lambda'));
  const { version } = JSON.parse(readFileSync(new URL('../../package.json', module), 'utf8')) as { version: string };
  if (version !== PATCHED_VERSION) {
    throw new UnsupportedVersionError(
      `event sources: expected serverless-offline ${PATCHED_VERSION}, which they patch, found ${version}: npm install --save-dev --save-exact serverless-offline@${PATCHED_VERSION}`,
    );
  }
  return module;
}

interface OfflineLog {
  notice(line: string): void;
  warning(line: string): void;
}

async function importLog(lambdaModule: URL): Promise<OfflineLog> {
  return ((await import(new URL('../utils/log.js', lambdaModule).href)) as { log: OfflineLog }).log;
}

/** Prometheus refuses some metrics, for instance a count of -1. An exception of a listener would end serverless-offline. */
function withoutExceptions(takeMetricLine: TakeMetricLine, log: OfflineLog): TakeMetricLine {
  return (line) => {
    try {
      takeMetricLine(line);
    } catch (error) {
      log.warning(`event sources: a function printed a metric that is not recorded: ${reasonOf(error)}`);
    }
  };
}

/** Replaces the worker threads that serverless-offline starts for functions, and no others. */
function runFunctionsInRestartingThreads(lambdaModule: URL, takeMetricLine: TakeMetricLine | undefined): void {
  const offlineScript = /[/\\]worker-thread-runner[/\\]workerThreadHelper\.js$/;
  const script = new URL(
    import.meta.url.endsWith('.ts') ? './function-thread.ts' : './function-thread.js',
    import.meta.url,
  );
  const runnerUrl = new URL('./handler-runner/in-process-runner/index.js', lambdaModule).href;
  const OriginalWorker = workerThreads.Worker;
  workerThreads.Worker = new Proxy(OriginalWorker, {
    construct(target, [started, options = {}]: [string | URL, WorkerOptions?], newTarget) {
      if (!offlineScript.test(String(started))) return Reflect.construct(target, [started, options], newTarget);
      const workerData = { ...(options.workerData as object), runnerUrl };
      return new RestartingWorker(OriginalWorker, script, { ...options, workerData }, takeMetricLine);
    },
  });
  syncBuiltinESMExports();
}

interface PythonRunner {
  run(event: unknown, context: unknown): Promise<unknown>;
}

/** Replaces the processes that serverless-offline starts for Python functions, and no others. */
async function runPythonInRestartingProcesses(
  lambdaModule: URL,
  log: OfflineLog,
  takeMetricLine: TakeMetricLine | undefined,
): Promise<void> {
  const onLine = (line: string) => {
    if (takeMetricLine !== undefined && isMetricLine(line)) takeMetricLine(line);
    else log.notice(line);
  };
  const offlineScript = /[/\\]python-runner[/\\]invoke\.py$/;
  let used: PythonProcess | undefined;
  childProcess.spawn = new Proxy(childProcess.spawn, {
    apply(target, self, call: [string, unknown?, SpawnOptions?]) {
      const [executable, args, { env = process.env } = {}] = call;
      // Another plugin may leave the arguments out, so that the options are in their place.
      if (!Array.isArray(args) || !offlineScript.test(args[1])) return Reflect.apply(target, self, call);
      const [, , module = '', functionName = ''] = args as readonly string[];
      return new PythonProcess({ executable, module, functionName, environment: env, onLine }, (started) => {
        used = started;
      });
    },
  });
  syncBuiltinESMExports();
  const url = new URL('./handler-runner/python-runner/PythonRunner.js', lambdaModule).href;
  const { prototype } = ((await import(url)) as { default: { prototype: PythonRunner } }).default;
  const original = prototype.run;
  const processes = new WeakMap<PythonRunner, PythonProcess>();
  prototype.run = function (event, context) {
    if (!processes.has(this)) {
      // The process is private. The original method reaches for it first of all; its promise stays unsettled.
      void original.call(this, {}, {});
      if (used !== undefined) processes.set(this, used);
    }
    return (processes.get(this) as PythonProcess).invoke(event, context);
  };
}

async function queueEventInvocations(lambdaModule: URL, queue: QueueInvocation): Promise<void> {
  const url = new URL('./routes/invocations/InvocationsController.js', lambdaModule).href;
  const { prototype } = ((await import(url)) as { default: { prototype: InvocationsController } }).default;
  const original = prototype.invoke;
  prototype.invoke = async function (name, type, event, clientContext) {
    if (type === 'Event' && (await queue(name, JSON.stringify(event)))) return { Payload: '', StatusCode: 202 };
    return original.call(this, name, type, event, clientContext);
  };
}

/** The pool ends an instance by its idle time. That of a provisioned instance is 0. */
async function keepProvisionedInstances(
  lambdaModule: URL,
  provisionedConcurrency: ReadonlyMap<string, number>,
): Promise<void> {
  const url = new URL('./LambdaFunction.js', lambdaModule).href;
  const { prototype } = ((await import(url)) as { default: { prototype: object } }).default;
  const original = Object.getOwnPropertyDescriptor(prototype, 'idleTimeInMillis');
  const provisioned = new Map<string, Set<PooledInstance>>();
  Object.defineProperty(prototype, 'idleTimeInMillis', {
    configurable: true,
    get(this: PooledInstance): number {
      const { functionName } = this;
      const instances = provisioned.get(functionName) ?? new Set();
      provisioned.set(functionName, instances);
      if (instances.size < (provisionedConcurrency.get(functionName) ?? 0)) instances.add(this);
      return instances.has(this) ? 0 : (original?.get?.call(this) as number);
    },
  });
}

async function captureStartedLambda(lambdaModule: URL): Promise<{ readonly lambda: Promise<OfflineLambda> }> {
  const { prototype } = ((await import(lambdaModule.href)) as { default: { prototype: StartableLambda } }).default;
  const original = prototype.start;
  const started = withResolvers<OfflineLambda>();
  prototype.start = async function () {
    await original.call(this);
    started.resolve(this);
  };
  return { lambda: started.promise };
}
