/**
 * An event source in its own process, to be killed or measured: `source-process.ts JSON` with brokers, template, lambda
 * and directory. It sends a message to its parent when it is polling. Run with --expose-gc, it answers each message of its
 * parent with its peak memory in bytes.
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
// Longer than any test: a test that waits until the broker drops the killed member fails.
const options = readOptions({ brokers, stateDirectory: directory, sessionTimeoutMs: 600_000 });
const invoker = new LambdaClient({ endpoint: lambda });
await new EventSources({ model, options, invoker, log: createLogger('silent', () => {}) }).start();
// Heap and buffers, not the resident set, whose size depends on when Node returns memory.
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
