/**
 * An event source in a process of its own, to be killed or measured: `source-process.ts JSON` with brokers, template,
 * lambda and directory. Tells its parent when it is polling, and its peak memory in KB whenever it is asked.
 */
import { EventSources } from '../../../localstack/event-sources/event-sources.ts';
import { LambdaClient } from '../../../localstack/event-sources/invoke/lambda-client.ts';
import { createLog } from '../../../localstack/event-sources/log.ts';
import { readOptions } from '../../../localstack/event-sources/options.ts';
import { readTemplate } from '../../../localstack/event-sources/template/model.ts';

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
const options = readOptions({ brokers, stateDirectory: directory });
const invoker = new LambdaClient({ endpoint: lambda });
await new EventSources({ model, options, invoker, log: createLog('silent', () => {}) }).start();
process.on('message', () => process.send?.({ peakMemoryKb: process.resourceUsage().maxRSS }));
process.send?.({ polling: true });
