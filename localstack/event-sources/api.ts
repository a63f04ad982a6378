/** What the package offers to code: a test of yours, or another host of functions. */
import { EventSources } from './event-sources.ts';
import { LambdaClient } from './invoke/lambda-client.ts';
import { NonRejectingInvoker } from './invoke/non-rejecting-invoker.ts';
import { createLogger } from './logger.ts';
import type { Invoker } from './model/invocation.ts';
import { type EventSourcesInput, readOptions } from './options.ts';
import { readModel } from './read-model.ts';
import { readTemplateFile } from './template/from-file.ts';
import type { Template } from './template/template.ts';

export type { MetricsSnapshot } from './metrics/metrics-snapshot.ts';
export type { InvocationOutcome, InvocationRequest, Invoker } from './model/invocation.ts';
export type { EventSourcesInput } from './options.ts';
export type { Template } from './template/template.ts';
export { EventSources };

export interface StartInput {
  /** A compiled CloudFormation template, or the path of its file in JSON or YAML. */
  readonly template: Template | string;
  /** As `custom.eventSources` in serverless.yml. */
  readonly options?: EventSourcesInput;
  /** Invokes the functions in place of the Invoke API at `options.lambdaEndpoint`. A rejection counts as a function error. */
  readonly invoker?: Invoker;
  /** Gets each line of the log, which is JSON. */
  readonly onLogLine?: (line: string) => void;
}

/** Starts the event sources of a template. Resolves when all of them are polling; call `stop` on the result at the end. */
export async function startEventSources({
  template,
  options: input = {},
  invoker,
  onLogLine = () => {},
}: StartInput): Promise<EventSources> {
  const options = readOptions(input, (path) => ['options', ...path].join('.'));
  const compiled = typeof template === 'string' ? await readTemplateFile(template) : template;
  const model = readModel(compiled, options, { region: options.region ?? 'us-east-1' });
  const log = createLogger(options.logLevel ?? 'warn', onLogLine);
  const { lambdaEndpoint: endpoint, enforceTimeout, coldStartMs } = options;
  const sources = new EventSources({
    model,
    options,
    invoker: invoker ? new NonRejectingInvoker(invoker) : new LambdaClient({ endpoint, enforceTimeout, coldStartMs }),
    log,
  });
  await sources.start();
  return sources;
}
