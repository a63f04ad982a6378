import type { KafkaMapping } from '../../model/kafka-mapping.ts';
import type { TargetFunction } from '../../model/target-function.ts';
import type { FunctionResolver } from '../function-resolver.ts';
import { type Intrinsics, stableUuid } from '../intrinsics.ts';
import { Properties } from '../properties.ts';
import { resourcesOfType, type Template, TemplateError } from '../template.ts';
import { checkAccess, readCluster, readConsumerGroup, readStartingPosition, readTopic } from './cluster.ts';
import { readDestination, readErrorControls } from './error-controls.ts';
import { checkLogging, readBatchingWindowMs, readFilters, readPollers } from './polling.ts';
import { createOnly, known, otherSources } from './property-names.ts';

export interface KafkaMappingOptions {
  /** Stand in for the cluster of MSK mappings, and for the servers that self-managed ones name. */
  readonly brokers?: readonly string[];
  /** AWS shows retry limits, age, bisect and partial answers for provisioned mode only. */
  readonly allowErrorControlsOnDemand: boolean;
  readonly maximumFilters: number;
  readonly now: () => number;
}

/** Mappings of other sources (SQS, Kinesis, ...) are none of ours; they are named so that it can be said. */
export interface MappingsOfTemplate {
  readonly kafka: readonly KafkaMapping[];
  readonly others: readonly string[];
}

/** Every Kafka mapping of the template, or a TemplateError at the first thing that AWS would refuse. */
export function readKafkaMappings(
  template: Template,
  intrinsics: Intrinsics,
  functions: FunctionResolver,
  options: KafkaMappingOptions,
): MappingsOfTemplate {
  const kafka: KafkaMapping[] = [];
  const others: string[] = [];
  for (const [id, resource] of resourcesOfType(template, 'AWS::Lambda::EventSourceMapping')) {
    const properties = new Properties(id, intrinsics.resolve(resource.Properties ?? {}));
    if (isForKafka(properties))
      kafka.push(readMapping(properties, intrinsics.pseudoParameters.stackName, functions, options));
    else others.push(id);
  }
  refuseSharedGroups(kafka);
  return { kafka, others };
}

function isForKafka(properties: Properties): boolean {
  const arn = properties.text('EventSourceArn');
  if (properties.has('SelfManagedEventSource') || properties.has('Topics') || arn === undefined) return true;
  return /^arn:[^:]*:kafka:/.test(arn);
}

function readMapping(
  properties: Properties,
  stackName: string,
  functions: FunctionResolver,
  options: KafkaMappingOptions,
): KafkaMapping {
  refuseUnknown(properties);
  const cluster = readCluster(properties, options.brokers ?? []);
  const target = readFunction(properties, functions);
  const topic = readTopic(properties);
  const pollers = readPollers(properties);
  const provisioned = pollers !== undefined;
  const onFailureDestination = readDestination(properties, topic, provisioned);
  const filterCriteria = readFilters(properties, options.maximumFilters);
  checkAccess(properties, cluster.selfManaged);
  checkLogging(properties, provisioned);
  const uuid = uuidOf(properties, stackName);
  return {
    id: properties.resource,
    uuid,
    function: target,
    ...(cluster.arn !== undefined && { eventSourceArn: cluster.arn }),
    brokers: cluster.brokers,
    topic,
    consumerGroupId: readConsumerGroup(properties, cluster.selfManaged) ?? uuid,
    startingPosition: readStartingPosition(properties, options.now()),
    batchSize: properties.integer('BatchSize', 1, 10_000) ?? 100,
    batchingWindowMs: readBatchingWindowMs(properties),
    enabled: properties.boolean('Enabled') ?? true,
    ...readErrorControls(properties, provisioned || options.allowErrorControlsOnDemand),
    ...(onFailureDestination !== undefined && { onFailureDestination }),
    ...(filterCriteria !== undefined && { filterCriteria }),
    ...(pollers !== undefined && { pollers }),
  };
}

function refuseUnknown(properties: Properties): void {
  for (const name of properties.names) {
    if (otherSources[name] !== undefined) {
      properties.fail(name, `is for ${otherSources[name]}, not for Kafka: take it out`);
    }
    if (!known.has(name)) {
      const message = 'is no property of an event source mapping for Kafka: take it out';
      properties.fail(name, message, 'extraneous key is not permitted');
    }
  }
}

function readFunction(properties: Properties, functions: FunctionResolver): TargetFunction {
  const name = properties.text('FunctionName');
  if (name === undefined) return properties.fail('FunctionName', 'is required');
  const found = functions.find(name);
  if (found === undefined) {
    const candidates = functions.all.map((candidate) => candidate.name).join(', ');
    return properties.fail(
      'FunctionName',
      `Function not found: ${name}; name one of the template's: ${candidates || 'it has none'}`,
      'ResourceNotFoundException, Function not found',
    );
  }
  if (found.timeoutSeconds > 14 * 60) {
    properties.fail(
      'FunctionName',
      `${name} has a timeout above 14 minutes, which Kafka mappings do not support: lower its Timeout`,
    );
  }
  return { name: found.name, arn: found.arn, timeoutSeconds: found.timeoutSeconds };
}

/**
 * The same from start to start. A property that can only be given at creation makes CloudFormation replace the mapping
 * when it changes: a new UUID, and with it a new consumer group, which begins at the starting position.
 */
function uuidOf(properties: Properties, stackName: string): string {
  return stableUuid(JSON.stringify([stackName, properties.resource, createOnly.map((name) => properties.raw(name))]));
}

function refuseSharedGroups(mappings: readonly KafkaMapping[]): void {
  const owners = new Map<string, string>();
  for (const { id, consumerGroupId } of mappings) {
    const owner = owners.get(consumerGroupId);
    if (owner !== undefined) {
      throw new TemplateError(
        id,
        'ConsumerGroupId',
        `${consumerGroupId} is used by ${owner} already: each mapping needs its own`,
      );
    }
    owners.set(consumerGroupId, id);
  }
}
