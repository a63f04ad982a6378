import { parseArn } from '../../model/arn.ts';
import type { KafkaMapping } from '../../model/kafka-mapping.ts';
import type { TargetFunction } from '../../model/target-function.ts';
import type { FunctionResolver } from '../function-resolver.ts';
import type { Intrinsics } from '../intrinsics.ts';
import { Properties } from '../properties.ts';
import type { References } from '../references.ts';
import { stableUuid } from '../stable-uuid.ts';
import { resourcesOfType, type Template, TemplateError } from '../template.ts';
import { checkAccess, readCluster, readConsumerGroup, readStartingPosition, readTopic } from './cluster.ts';
import { readDestination, readErrorControls } from './error-controls.ts';
import { checkLogging, readBatchingWindowMs, readFilters, readPollers } from './polling.ts';
import { createOnlyProperties, knownProperties, propertiesOfOtherSources } from './property-names.ts';
import { type LocalSchemaRegistry, readSchemaRegistry } from './schema-registry.ts';

export interface KafkaMappingOptions {
  /** Used in place of MSK clusters, and of the servers that self-managed clusters name. */
  readonly brokers?: readonly string[];
  /** Whether retry limits, age, bisect and partial batch responses are allowed without provisioned mode. */
  readonly allowErrorControlsOnDemand: boolean;
  readonly maximumFilters: number;
  readonly schemaRegistry?: LocalSchemaRegistry;
  readonly now: () => number;
}

/** The mappings of a template by their source. */
export interface MappingsBySource {
  readonly kafka: readonly KafkaMapping[];
  /** Logical ids of mappings for SQS, Kinesis and others, which are not emulated. */
  readonly others: readonly string[];
}

/** The properties that say of which source a mapping is. */
const SOURCE_PROPERTIES = ['EventSourceArn', 'SelfManagedEventSource', 'Topics'];

/** @throws {TemplateError} for a property that AWS would reject, or that is not emulated. */
export function readKafkaMappings(
  template: Template,
  intrinsics: Intrinsics,
  functions: FunctionResolver,
  options: KafkaMappingOptions,
): MappingsBySource {
  const kafka: KafkaMapping[] = [];
  const others: string[] = [];
  for (const [id, resource] of resourcesOfType(template, 'AWS::Lambda::EventSourceMapping')) {
    // Not all properties, because those of other sources may use parameters without values.
    if (!isForKafka(new Properties(id, intrinsics.properties(id, resource, SOURCE_PROPERTIES)))) {
      others.push(id);
      continue;
    }
    const properties = new Properties(id, intrinsics.properties(id, resource));
    rejectReferencesToNothing(properties, intrinsics.references);
    kafka.push(readMapping(properties, intrinsics, functions, options));
  }
  rejectSharedGroups(kafka);
  return { kafka, others };
}

function isForKafka(properties: Properties): boolean {
  const arn = properties.text('EventSourceArn');
  if (properties.has('SelfManagedEventSource') || properties.has('Topics') || arn === undefined) return true;
  return parseArn(arn)?.service === 'kafka';
}

function readMapping(
  properties: Properties,
  intrinsics: Intrinsics,
  functions: FunctionResolver,
  options: KafkaMappingOptions,
): KafkaMapping {
  rejectUnknownProperties(properties);
  const isKnownHere = (text: string) => !isOfAws(text, intrinsics.references);
  const cluster = readCluster(properties, options.brokers ?? [], isKnownHere);
  const target = readFunction(properties, functions);
  const topic = readTopic(properties);
  const pollers = readPollers(properties);
  const provisioned = pollers !== undefined;
  const onFailureDestination = readDestination(properties, topic, provisioned);
  const filterCriteria = readFilters(properties, options.maximumFilters);
  checkAccess(properties, cluster.selfManaged);
  checkLogging(properties, provisioned);
  const schemaRegistry = readSchemaRegistry(properties, provisioned, isKnownHere, options.schemaRegistry);
  const uuid = uuidOf(properties, intrinsics.pseudoParameters.stackName);
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
    ...(schemaRegistry !== undefined && { schemaRegistry }),
    ...(pollers !== undefined && { pollers }),
  };
}

/**
 * A reference to nothing would be an invented topic or cluster. Only what the mapping polls is looked at: under
 * `serverless offline` the template lacks what plugins add when they package.
 */
function rejectReferencesToNothing(properties: Properties, references: References): void {
  for (const name of ['EventSourceArn', 'Topics', 'SelfManagedEventSource']) {
    const missing = references.missingIn(JSON.stringify(properties.raw(name) ?? ''));
    if (missing === undefined) continue;
    properties.fail(
      name,
      `${missing.logicalId} is not in the template: correct it (${missing.suggestion})`,
      `Template format error: Unresolved resource dependencies [${missing.logicalId}] in the Resources block of the template`,
    );
  }
}

/** Whether only AWS knows the value. The ARN of a Glue registry says what it is, although a part of it is invented. */
function isOfAws(text: string, references: References): boolean {
  if (parseArn(text)?.service === 'glue') return false;
  return text.includes('{{resolve:') || references.unknownIn(text) !== undefined;
}

function rejectUnknownProperties(properties: Properties): void {
  for (const name of properties.names) {
    const otherSource = propertiesOfOtherSources[name];
    if (otherSource !== undefined) properties.fail(name, `is for ${otherSource}, not for Kafka: remove it`);
    if (!knownProperties.has(name)) {
      const message = 'is not a property of an event source mapping for Kafka: remove it';
      properties.fail(name, message, 'extraneous key is not permitted');
    }
  }
}

function readFunction(properties: Properties, functions: FunctionResolver): TargetFunction {
  const name = properties.text('FunctionName');
  if (name === undefined) return properties.fail('FunctionName', 'is required');
  const found = functions.target(name, (message, aws) => properties.fail('FunctionName', message, aws));
  if (found.timeoutSeconds > 14 * 60 && !found.isExternal) {
    properties.fail(
      'FunctionName',
      `${name} has a timeout above 14 minutes, which Kafka mappings do not support: lower its Timeout`,
    );
  }
  const { qualifier } = found;
  return {
    name: found.name,
    ...(qualifier !== undefined && { qualifier }),
    arn: found.arn,
    timeoutSeconds: found.timeoutSeconds,
  };
}

/**
 * The same at each start. When a create-only property changes, CloudFormation replaces the mapping: the new one has
 * another UUID, and with it another consumer group, which begins at the starting position.
 */
function uuidOf(properties: Properties, stackName: string): string {
  const values = createOnlyProperties.map((name) => withoutSchemaRegistry(properties.raw(name)));
  return stableUuid(JSON.stringify([stackName, properties.resource, values]));
}

/**
 * CloudFormation updates the schema registry without replacing the mapping, unlike what is next to it. Undefined when
 * nothing is next to it, as if the property were absent.
 */
function withoutSchemaRegistry(value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const others = Object.entries(value).filter(([name]) => name !== 'SchemaRegistryConfig');
  return others.length === 0 ? undefined : Object.fromEntries(others);
}

function rejectSharedGroups(mappings: readonly KafkaMapping[]): void {
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
