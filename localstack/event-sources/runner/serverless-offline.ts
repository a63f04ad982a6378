/**
 * Places where serverless-offline 14 differs from Lambda so much that functions would misbehave: repaired from
 * outside, at run time, for its worker threads only. Each repair is left out, with a notice, when the place is not
 * found any more.
 */
import { createRequire, syncBuiltinESMExports } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import workerThreads, { type WorkerOptions } from 'node:worker_threads';
import { RestartingWorker } from './restarting-worker.ts';

/** Queues an asynchronous invocation; false when the function is not known. */
export type QueueInvocation = (functionName: string, payload: string) => Promise<boolean>;

interface InvocationsController {
  invoke(name: string, type: string | undefined, event: unknown, clientContext: unknown): Promise<unknown>;
}

const workerScript = /[/\\]worker-thread-runner[/\\]workerThreadHelper\.js$/;
const ownScript = new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);

/** Where serverless-offline keeps its lambda module, for the project in the directory. */
function lambdaModule(serviceDirectory: string): URL {
  const require = createRequire(join(serviceDirectory, 'package.json'));
  return pathToFileURL(require.resolve('serverless-offline/lambda'));
}

let replaced = false;

/** Functions run in threads that may die without taking the process with them; a thrown non-Error is an error. */
export function useRestartingWorkers(serviceDirectory: string): void {
  if (replaced) return;
  const runnerUrl = new URL('./handler-runner/in-process-runner/index.js', lambdaModule(serviceDirectory)).href;
  const Original = workerThreads.Worker;
  workerThreads.Worker = new Proxy(Original, {
    construct(target, [script, options = {}]: [string | URL, WorkerOptions?], newTarget) {
      if (!workerScript.test(String(script))) return Reflect.construct(target, [script, options], newTarget);
      const workerData = { ...(options.workerData as object), runnerUrl };
      return new RestartingWorker(Original, ownScript, { ...options, workerData });
    },
  });
  syncBuiltinESMExports();
  replaced = true;
}

/** Invocations that bring a claim get the payload that it stands for. */
export async function redeemClaims(serviceDirectory: string, redeem: (event: unknown) => unknown): Promise<void> {
  const prototype = await invocationsController(serviceDirectory);
  const original = prototype.invoke;
  prototype.invoke = async function (name, type, event, clientContext) {
    return original.call(this, name, type, redeem(event), clientContext);
  };
}

/**
 * `InvocationType: Event` goes through the queue: retried, kept over restarts, told to destinations. serverless-offline
 * itself does not wait for such an invocation, so that an error of the function ends the process.
 */
export async function queueAsynchronousInvocations(serviceDirectory: string, queue: QueueInvocation): Promise<void> {
  const prototype = await invocationsController(serviceDirectory);
  const original = prototype.invoke;
  prototype.invoke = async function (name, type, event, clientContext) {
    if (type === 'Event' && (await queue(name, JSON.stringify(event)))) return { Payload: '', StatusCode: 202 };
    return original.call(this, name, type, event, clientContext);
  };
}

async function invocationsController(serviceDirectory: string): Promise<InvocationsController> {
  const url = new URL('./routes/invocations/InvocationsController.js', lambdaModule(serviceDirectory)).href;
  return ((await import(url)) as { default: { prototype: InvocationsController } }).default.prototype;
}
