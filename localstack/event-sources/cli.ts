#!/usr/bin/env node
import { parseArgs } from 'node:util';
import { EventSources } from './event-sources.ts';
import { LambdaClient } from './invoke/lambda-client.ts';
import { createLogger, reasonOf } from './logger.ts';
import { type EventSourcesInput, readOptions } from './options.ts';
import { hasNoEventSources, readModel } from './read-model.ts';
import { readTemplateFile } from './template/from-file.ts';

const usage = `Usage: event-sources --template FILE --lambda URL --brokers HOST:PORT,... [options]

Invokes the functions of a CloudFormation or SAM template as Lambda's event sources would, through any server of
Lambda's Invoke API.

  --template FILE       template of CloudFormation or SAM, JSON or YAML
                        (osls package: .serverless/cloudformation-template-update-stack.json)
  --lambda URL          URL of the Invoke API, for instance http://127.0.0.1:3002
  --brokers LIST        Kafka brokers to use in place of the template's clusters
  --s3 URL              S3 server whose buckets are watched; credentials from AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY
  --region REGION       default us-east-1
  --parameter KEY=VALUE value of a parameter of the template; may be repeated
  --function KEY=NAME   name of a function that only AWS knows, or that replaces the template's; KEY is a logical id, an
                        import or an attribute such as Nested.Outputs.Name; empty NAME: it is none; may be repeated
  --state DIRECTORY     cursors and queued events; default .localstack/event-sources
  --metrics PORT        serve metrics at http://127.0.0.1:PORT/metrics (Prometheus) and /metrics.json
  --log LEVEL           debug, info (default), warn, error or silent
  --options JSON        further options, as in custom.eventSources
`;

const commandLine = {
  template: { type: 'string' },
  lambda: { type: 'string' },
  brokers: { type: 'string' },
  s3: { type: 'string' },
  region: { type: 'string' },
  parameter: { type: 'string', multiple: true },
  function: { type: 'string', multiple: true },
  state: { type: 'string' },
  metrics: { type: 'string' },
  log: { type: 'string' },
  options: { type: 'string' },
  help: { type: 'boolean', short: 'h' },
} as const;

async function main(): Promise<void> {
  const { values } = parseArgs({ options: commandLine });
  if (values.help === true) {
    process.stdout.write(usage);
    return;
  }
  const { template, lambda, region = 'us-east-1' } = values;
  if (template === undefined || lambda === undefined) {
    throw new Error(`expected --template and --lambda: add what is missing\n\n${usage}`);
  }
  const further = values.options === undefined ? {} : parseFurtherOptions(values.options);
  const given = {
    ...further,
    parameters: { ...further.parameters, ...readAssignments('--parameter', values.parameter) },
    functionNames: { ...further.functionNames, ...readFunctionNames(values.function) },
    lambdaEndpoint: lambda,
    region,
    logLevel: values.log ?? 'info',
    ...(values.brokers !== undefined && { brokers: values.brokers.split(',') }),
    ...(values.state !== undefined && { stateDirectory: values.state }),
    ...(values.metrics !== undefined && { metricsPort: readNumber(values.metrics) }),
    ...(values.s3 !== undefined && {
      s3: {
        endpoint: values.s3,
        region,
        accessKeyId: process.env['AWS_ACCESS_KEY_ID'] ?? 'local',
        secretAccessKey: process.env['AWS_SECRET_ACCESS_KEY'] ?? 'local',
      },
    }),
  };
  const options = readOptions(given, (path) => titleOf(path, values));
  const log = createLogger(options.logLevel ?? 'info', (line) => process.stderr.write(`${line}\n`));
  const model = readModel(await readTemplateFile(template), options, { region });
  if (hasNoEventSources(model)) {
    throw new Error(
      `${template}: Resources: expected an AWS::Lambda::EventSourceMapping for Kafka, a bucket notification, a schedule or a SAM event for one of them, found none, so there is nothing to do: use the template of a service that has one (AWS: deploys it, and invokes nothing)`,
    );
  }
  const invoker = new LambdaClient({
    endpoint: options.lambdaEndpoint,
    enforceTimeout: options.enforceTimeout,
    coldStartMs: options.coldStartMs,
  });
  const sources = new EventSources({ model, options, invoker, log });
  const ending = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.once(signal, () => {
      ending.abort();
      void sources.stop().finally(() => process.exit(0));
    });
  }
  await invoker.waitUntilReachable({
    signal: ending.signal,
    onUnreachable: () =>
      log.warn('waiting for the Invoke API: start it, or correct --lambda', { lambda: options.lambdaEndpoint }),
  });
  if (ending.signal.aborted) return;
  await sources.start();
  log.info('all event sources are polling', { metricsPort: sources.metricsPort });
}

/** The options of the command that set one of `custom.eventSources`. All others are given in `--options`. */
const setBy: Readonly<Record<string, keyof typeof commandLine>> = {
  brokers: 'brokers',
  lambdaEndpoint: 'lambda',
  logLevel: 'log',
  metricsPort: 'metrics',
  's3.endpoint': 's3',
  stateDirectory: 'state',
};

function titleOf(path: readonly PropertyKey[], given: Readonly<Record<string, unknown>>): string {
  const option = setBy[path[0] === 's3' ? path.join('.') : String(path[0])];
  return option !== undefined && given[option] !== undefined ? `--${option}` : `--options: ${path.join('.')}`;
}

/** The text itself when it is no number, so that an error can show it. */
function readNumber(text: string): number | string {
  return text.trim() === '' || Number.isNaN(Number(text)) ? text : Number(text);
}

function readFunctionNames(assignments: readonly string[] | undefined): Record<string, string | null> {
  const names = Object.entries(readAssignments('--function', assignments));
  return Object.fromEntries(names.map(([key, name]) => [key, name === '' ? null : name]));
}

/** Values may contain `=`. */
function readAssignments(option: string, assignments: readonly string[] = []): Record<string, string> {
  return Object.fromEntries(
    assignments.map((assignment) => {
      const [, name, value] = /^([^=]+)=(.*)$/s.exec(assignment) ?? [];
      if (name !== undefined && value !== undefined) return [name, value];
      throw new Error(`${option}: expected NAME=VALUE, got ${assignment}`);
    }),
  );
}

function parseFurtherOptions(text: string): EventSourcesInput {
  try {
    return JSON.parse(text) as EventSourcesInput;
  } catch (cause) {
    throw new Error('--options: expected a JSON object, as in custom.eventSources of serverless.yml', { cause });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${reasonOf(error)}\n`);
  process.exit(1);
});
