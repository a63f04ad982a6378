/**
 * Runs in the worker thread of a function, in the place of serverless-offline's own script, with its loader and runner.
 * Differs in what it tells: whatever the handler throws is an error, not only what is an Error.
 */
import { env } from 'node:process';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';

interface Invocation {
  readonly event: unknown;
  /** Instead of the event. */
  readonly eventJson?: string;
  readonly context: unknown;
  readonly port: MessagePort;
}

interface Runner {
  run(event: unknown, context: unknown): Promise<unknown>;
}

const { runnerUrl, ...functionOptions } = workerData as { runnerUrl: string };
const { default: InProcessRunner } = (await import(runnerUrl)) as {
  default: new (options: object, environment: NodeJS.ProcessEnv) => Runner;
};
const runner = new InProcessRunner(functionOptions, env);

parentPort?.on('message', async ({ event, eventJson, context, port }: Invocation) => {
  let answer: unknown;
  try {
    const input: unknown = eventJson === undefined ? event : JSON.parse(eventJson);
    answer = asJson(await runner.run(input, context));
  } catch (thrown) {
    answer = thrown instanceof Error ? thrown : new Error(describe(thrown));
  }
  try {
    port.postMessage(answer);
  } catch (error) {
    // An error may carry what cannot be sent to another thread.
    port.postMessage(new Error((answer as Error).message, { cause: (error as Error).message }));
  }
  port.close();
});

/** The answer as it arrives on AWS: through JSON. What JSON cannot say fails the invocation, as there. */
function asJson(result: unknown): unknown {
  if (typeof result !== 'object' || result === null) return typeof result === 'bigint' ? fail() : result;
  return JSON.parse(JSON.stringify(result)) as unknown;
}

function fail(): never {
  throw new TypeError('Unable to stringify response body: a BigInt is no JSON');
}

function describe(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  try {
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return String(thrown);
  }
}
