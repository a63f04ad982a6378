import { passedToMapping } from './property-names.ts';
import { defined, objectOf } from './sam-error.ts';
import type { SamEvent, TranslatedEvent } from './sam-event.ts';

const kafkaProperties = [
  ...passedToMapping,
  'ConsumerGroupId',
  'DestinationConfig',
  'KafkaBootstrapServers',
  'SchemaRegistryConfig',
  'SecretsManagerKmsKeyId',
];

export function translateMskEvent(event: SamEvent): TranslatedEvent {
  event.allow([...kafkaProperties, 'Stream']);
  event.require('Stream', 'StartingPosition');
  return mapping(event, 'AmazonManagedKafkaEventSourceConfig');
}

export function translateSelfManagedKafkaEvent(event: SamEvent): TranslatedEvent {
  event.allow(kafkaProperties);
  for (const name of ['KafkaBootstrapServers', 'Topics', 'SourceAccessConfigurations']) {
    const value = event.properties[name];
    if (value !== undefined && !(Array.isArray(value) && value.length === 0)) continue;
    const isAccess = name === 'SourceAccessConfigurations';
    const ending = isAccess
      ? 'for self managed kafka event provided.'
      : 'provided for self managed kafka as an event source';
    event.fail(name, 'is required', `No ${name} ${ending}`);
  }
  return mapping(event, 'SelfManagedKafkaEventSourceConfig');
}

function mapping(event: SamEvent, configName: string): TranslatedEvent {
  const { properties, target } = event;
  const { ConsumerGroupId, SchemaRegistryConfig, KafkaBootstrapServers } = properties;
  const config = defined({ ConsumerGroupId, SchemaRegistryConfig });
  const passed = passedToMapping.map((name) => [name, properties[name]] as const);
  return {
    resources: {
      [event.logicalId]: event.resource(
        'AWS::Lambda::EventSourceMapping',
        defined({
          FunctionName: target,
          EventSourceArn: properties['Stream'],
          ...Object.fromEntries(passed),
          DestinationConfig: destinationConfig(event),
          ...(KafkaBootstrapServers !== undefined && {
            SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers } },
          }),
          ...(Object.keys(config).length > 0 && { [configName]: config }),
        }),
      ),
    },
  };
}

/** SAM's `Type` only chooses the policy of the function's role. */
function destinationConfig(event: SamEvent): unknown {
  const property = 'DestinationConfig';
  const given = objectOf(event.functionId, event.path(property), event.properties[property]);
  if (Object.keys(given).length === 0) return undefined;
  const { OnFailure, ...others } = given;
  if (OnFailure === undefined) {
    event.failByLogicalId(
      `${property}.OnFailure`,
      'is required',
      "Property 'DestinationConfig.OnFailure' should be a map.",
    );
  }
  const { Type, ...onFailure } = objectOf(event.functionId, event.path('DestinationConfig.OnFailure'), OnFailure);
  if (Type !== undefined && !['SQS', 'SNS', 'S3', 'Kafka'].includes(String(Type))) {
    event.failByLogicalId(
      'DestinationConfig.OnFailure.Type',
      `expected SQS, SNS, S3 or Kafka, got ${JSON.stringify(Type)}`,
      "The only valid values for 'Type' are 'SQS', 'SNS', 'S3', and 'Kafka'",
    );
  }
  return { ...others, OnFailure: onFailure };
}
