/** Transforms one file with the handler of transform-csv, as Lambda does, and sends its time and memory to the parent. */
import { readFile } from 'node:fs/promises';
import type { Context } from 'aws-lambda';

type Handler = (event: unknown, context: Context) => Promise<void>;

const [bundle = '', bucket = '', key = '', eTag = ''] = process.argv.slice(2);
const endsAtMs = performance.now() + 900_000;
const context = {
  functionName: 'transform-csv',
  getRemainingTimeInMillis: () => endsAtMs - performance.now(),
} as Context;
const event = {
  Records: [
    {
      eventSource: 'aws:s3',
      eventName: 'ObjectCreated:Put',
      eventTime: new Date().toISOString(),
      s3: { bucket: { name: bucket }, object: { key, eTag: eTag.replaceAll('"', ''), sequencer: '0000000000000001' } },
    },
  ],
};

const { handler } = (await import(bundle)) as { handler: Handler };
const startedAt = performance.now();
await handler(event, context);
const seconds = Number(((performance.now() - startedAt) / 1_000).toFixed(1));
// Linux records the peak by itself. Elsewhere Node's own figure has to do.
const status = await readFile('/proc/self/status', 'utf8').catch(() => '');
const peakKb = Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? process.resourceUsage().maxRSS);
process.send?.({ seconds, peakRssMb: Math.round(peakKb / 1_024) }, () => process.exit(0));
