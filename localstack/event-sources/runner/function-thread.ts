/**
 * Runs in the worker thread of a function, in place of serverless-offline's own script, with its loader and runner.
 * Every thrown value is an error here, not only an `Error`, and the result passes through JSON, as on AWS.
 */
import { env } from 'node:process';
import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { takeMetricLines } from './metric-lines.ts';

interface Invocation {
  readonly event?: unknown;
  /** Set instead of `event` by an invocation that passes its event as text. */
  readonly eventJson?: string;
  readonly context: unknown;
  readonly port: MessagePort;
}

interface Runner {
  run(event: unknown, context: unknown): Promise<unknown>;
}

const { runnerUrl, takesMetricLines, ...functionOptions } = workerData as {
  runnerUrl: string;
  takesMetricLines: boolean;
};
if (takesMetricLines) takeMetricLines(process.stdout, (metricLine) => parentPort?.postMessage({ metricLine }));

const { default: InProcessRunner } = (await import(runnerUrl)) as {
  default: new (options: object, environment: NodeJS.ProcessEnv) => Runner;
};
const runner = new InProcessRunner(functionOptions, env);

parentPort?.on('message', async ({ event, eventJson, context, port }: Invocation) => {
  let result: unknown;
  try {
    const input: unknown = eventJson === undefined ? event : JSON.parse(eventJson);
    result = throughJson(await runner.run(input, context));
  } catch (thrown) {
    result = thrown instanceof Error ? thrown : new Error(textOf(thrown));
  }
  try {
    port.postMessage(result);
  } catch (error) {
    // The properties of an error may hold values that cannot be sent to another thread.
    port.postMessage(new Error((result as Error).message, { cause: (error as Error).message }));
  }
  port.close();
});

/** The result as Lambda's runtime returns it. Throws for a value that JSON cannot express, which fails the invocation. */
function throughJson(result: unknown): unknown {
  if (typeof result === 'bigint') throw new TypeError('Unable to stringify response body: JSON has no BigInt');
  if (typeof result !== 'object' || result === null) return result;
  return JSON.parse(JSON.stringify(result)) as unknown;
}

function textOf(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  try {
    return JSON.stringify(thrown) ?? String(thrown);
  } catch {
    return String(thrown);
  }
}
