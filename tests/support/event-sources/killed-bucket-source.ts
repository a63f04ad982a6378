/** Event sources in their own process, to be killed: `killed-bucket-source.ts JSON` with template and options. */
import { EventSources } from '../../../localstack/event-sources/event-sources.ts';
import { LambdaClient } from '../../../localstack/event-sources/invoke/lambda-client.ts';
import { createLogger } from '../../../localstack/event-sources/logger.ts';
import { readOptions } from '../../../localstack/event-sources/options.ts';
import { readTemplate } from '../../../localstack/event-sources/template/template-model.ts';

const { template, options: input } = JSON.parse(process.argv[2] ?? '') as {
  template: Parameters<typeof readTemplate>[0];
  options: unknown;
};
const options = readOptions(input);
const model = readTemplate(template, {}, { allowErrorControlsOnDemand: false, maximumFilters: 5, now: Date.now });
const invoker = new LambdaClient({ endpoint: options.lambdaEndpoint });
await new EventSources({ model, options, invoker, log: createLogger('silent', () => {}) }).start();
process.stdout.write('polling\n');
