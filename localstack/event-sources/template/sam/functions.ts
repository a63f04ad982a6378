import { suggestionFor } from '../../suggestion.ts';
import type { Place, Resource } from '../template.ts';
import { functionProperties } from './property-names.ts';
import { defined, objectOf, samError } from './sam-error.ts';

type Values = Readonly<Record<string, unknown>>;

/** What SAM makes of a function, without its events. */
export interface TranslatedFunction {
  readonly resources: Readonly<Record<string, Resource>>;
  /** Names such as `Fn.Alias`, by which the template can refer to them. */
  readonly references: Readonly<Record<string, string>>;
  /** Name and ARN of what the events invoke: the function, or its published alias. */
  readonly target: unknown;
  readonly targetArn: unknown;
}

/** `properties` include the globals. `resolve` evaluates what SAM itself evaluates. */
export function translateFunction(
  id: string,
  { Condition }: Resource,
  properties: Values,
  resolve: (value: unknown, place: Place) => unknown,
): TranslatedFunction {
  for (const name of Object.keys(properties)) {
    if (functionProperties.includes(name)) continue;
    throw samError(
      id,
      name,
      `functions do not have this property; ${suggestionFor(name, functionProperties)}`,
      `Resource with id [${id}] is invalid. property ${name} not defined for resource of type AWS::Serverless::Function`,
    );
  }
  const resource = (Type: string, Properties: Values): Resource => ({
    Type,
    ...(Condition !== undefined && { Condition }),
    Properties: defined(Properties),
  });
  const { FunctionName, Timeout, ReservedConcurrentExecutions, EventInvokeConfig } = properties;
  const resources: Record<string, Resource> = {
    [id]: resource('AWS::Lambda::Function', {
      // AWS generates a name. `sam local start-lambda` invokes the function by its logical id.
      FunctionName: FunctionName ?? id,
      Timeout,
      ReservedConcurrentExecutions,
      DeadLetterConfig: deadLetterConfig(id, properties['DeadLetterQueue']),
    }),
  };
  const references: Record<string, string> = {};
  const alias = aliasName(id, properties['AutoPublishAlias'], resolve);
  if (alias !== undefined) {
    const aliasId = `${id}Alias${alias.replaceAll('-', 'D').replaceAll('_', 'U')}`;
    resources[`${id}Version`] = resource('AWS::Lambda::Version', { FunctionName: { Ref: id } });
    resources[aliasId] = resource('AWS::Lambda::Alias', { FunctionName: { Ref: id }, Name: alias });
    references[`${id}.Version`] = `${id}Version`;
    references[`${id}.Alias`] = aliasId;
  }
  if (EventInvokeConfig !== undefined) {
    const config = objectOf(id, 'EventInvokeConfig', EventInvokeConfig);
    const destinations = asyncDestinations(id, config, resource);
    Object.assign(resources, destinations.resources);
    Object.assign(references, destinations.references);
    resources[`${id}EventInvokeConfig`] = resource('AWS::Lambda::EventInvokeConfig', {
      FunctionName: { Ref: id },
      Qualifier: alias ?? '$LATEST',
      MaximumRetryAttempts: config['MaximumRetryAttempts'],
      MaximumEventAgeInSeconds: config['MaximumEventAgeInSeconds'],
      DestinationConfig: destinations.config,
    });
  }
  const target = { Ref: references[`${id}.Alias`] ?? id };
  return { resources, references, target, targetArn: alias === undefined ? { 'Fn::GetAtt': [id, 'Arn'] } : target };
}

function deadLetterConfig(id: string, queue: unknown): Values | undefined {
  if (queue === undefined) return undefined;
  const { Type, TargetArn } = objectOf(id, 'DeadLetterQueue', queue);
  if (TargetArn !== undefined && (Type === 'SQS' || Type === 'SNS')) return { TargetArn };
  const expected = 'expected a Type, SQS or SNS, and a TargetArn';
  const aws = "'DeadLetterQueue' requires Type and TargetArn properties to be specified.";
  throw samError(id, 'DeadLetterQueue', `${expected}, got ${JSON.stringify(queue)}`, invalid(id, aws));
}

function aliasName(id: string, value: unknown, resolve: (value: unknown, place: Place) => unknown): string | undefined {
  if (value === undefined) return undefined;
  const name = resolve(value, { resource: id, property: 'AutoPublishAlias' });
  if (name === undefined) return undefined;
  if (typeof name === 'string' && /^(?!\d+$)[a-zA-Z0-9\-_]+$/.test(name)) return name;
  throw samError(
    id,
    'AutoPublishAlias',
    `expected letters, digits, "-" and "_", and not only digits, got ${JSON.stringify(name)}`,
    invalid(
      id,
      `AutoPublishAlias name ('${String(name)}') must contain only alphanumeric characters, hyphens, or underscores`,
    ),
  );
}

/** SAM makes a queue or a topic for a destination that is not given. */
function asyncDestinations(id: string, config: Values, resource: (type: string, properties: Values) => Resource) {
  const path = 'EventInvokeConfig.DestinationConfig';
  const given = objectOf(id, path, config['DestinationConfig']);
  const resources: Record<string, Resource> = {};
  const references: Record<string, string> = {};
  const destinations: Record<string, unknown> = {};
  for (const kind of ['OnSuccess', 'OnFailure']) {
    if (given[kind] === undefined) continue;
    const { Type, Destination } = objectOf(id, `${path}.${kind}`, given[kind]);
    const made = { SQS: 'Queue', SNS: 'Topic' }[String(Type)];
    if (!['SQS', 'SNS', 'EventBridge', 'Lambda', 'S3Bucket'].includes(String(Type))) {
      const expected = 'expected SQS, SNS, EventBridge, Lambda or S3Bucket';
      const aws = `'Type: ${String(Type)}' must be one of ['SQS', 'SNS', 'EventBridge', 'Lambda', 'S3Bucket']`;
      throw samError(id, `${path}.${kind}.Type`, `${expected}, got ${JSON.stringify(Type)}`, invalid(id, aws));
    }
    if (Destination === undefined && made === undefined) {
      const aws = "Destination is required if Type is not ['SQS', 'SNS']";
      throw samError(id, `${path}.${kind}.Destination`, `is required for ${String(Type)}`, invalid(id, aws));
    }
    const madeId = `${id}EventInvokeConfig${kind}${made}`;
    if (Destination === undefined) {
      resources[madeId] = resource(`AWS::${String(Type)}::${made}`, {});
      references[`${id}.Destination${made}`] = madeId;
    }
    destinations[kind] = {
      Destination: Destination ?? (made === 'Topic' ? { Ref: madeId } : { 'Fn::GetAtt': [madeId, 'Arn'] }),
    };
  }
  return { resources, references, config: destinations };
}

function invalid(id: string, message: string): string {
  return `Resource with id [${id}] is invalid. ${message}`;
}
