/** Runs the handler of a function as Lambda does: one event after the other, with time and memory as the answer. */
import { readFile } from 'node:fs/promises';
import type { Context } from 'aws-lambda';

type Handler = (event: unknown, context: Context) => Promise<unknown>;

export interface HandlerAnswer {
  readonly seconds: number;
  readonly peakRssMb: number;
  readonly result: unknown;
}

const [bundle = '', functionName] = process.argv.slice(2);
const { handler } = (await import(bundle)) as { handler: Handler };
const context = { functionName, awsRequestId: 'bench', getRemainingTimeInMillis: () => 900_000 } as Context;

process.on('message', async (event) => {
  const startedAt = performance.now();
  const result = await handler(event, context);
  const seconds = (performance.now() - startedAt) / 1_000;
  // Linux records the peak by itself. Elsewhere Node's own figure has to do.
  const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
  const peakKb = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? process.resourceUsage().maxRSS);
  process.send?.({ seconds, peakRssMb: Math.round(peakKb / 1_024), result } satisfies HandlerAnswer);
});
process.send?.('ready');
