/**
 * An event source in a process of its own, to be killed or measured: `source-process.ts JSON` with brokers, template,
 * lambda and directory. Tells its parent when it is polling, and, run with --expose-gc, the most memory that it has held,
 * in bytes, whenever it is asked.
 */
import { EventSources } from '../../../localstack/event-sources/event-sources.ts';
import { LambdaClient } from '../../../localstack/event-sources/invoke/lambda-client.ts';
import { createLogger } from '../../../localstack/event-sources/logger.ts';
import { readOptions } from '../../../localstack/event-sources/options.ts';
import { readTemplate } from '../../../localstack/event-sources/template/template-model.ts';

const { brokers, template, lambda, directory } = JSON.parse(process.argv[2] ?? '') as {
  brokers: string[];
  template: Parameters<typeof readTemplate>[0];
  lambda: string;
  directory: string;
};
const model = readTemplate(
  template,
  {},
  { brokers, allowErrorControlsOnDemand: false, maximumFilters: 5, now: Date.now },
);
// Whoever would have to wait until the group drops a killed member would wait for longer than any test lasts.
const options = readOptions({ brokers, stateDirectory: directory, sessionTimeoutMs: 600_000 });
const invoker = new LambdaClient({ endpoint: lambda });
await new EventSources({ model, options, invoker, log: createLogger('silent', () => {}) }).start();
// What is held, not what is resident: when memory is collected and given back is not the event source's doing.
const { gc } = globalThis;
if (gc !== undefined) {
  let peakBytes = 0;
  setInterval(() => {
    gc();
    const { heapUsed, external } = process.memoryUsage();
    peakBytes = Math.max(peakBytes, heapUsed + external);
  }, 50);
  process.on('message', () => process.send?.({ peakBytes }));
}
process.send?.({ polling: true });
