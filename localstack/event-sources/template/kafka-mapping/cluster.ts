import { parseArn } from '../../model/arn.ts';
import type { StartingPosition } from '../../model/kafka-mapping.ts';
import { Properties } from '../properties.ts';
import { ACCEPTED_BY_AWS } from '../template.ts';
import { accessTypes } from './property-names.ts';

export interface Cluster {
  readonly selfManaged: boolean;
  /** Absent: self-managed. */
  readonly arn?: string;
  readonly brokers: readonly string[];
}

/** `brokers` replace an MSK cluster, and the servers that a self-managed cluster names, also if only AWS knows these. */
export function readCluster(
  properties: Properties,
  brokers: readonly string[],
  isKnownHere: (text: string) => boolean,
): Cluster {
  const arn = properties.text('EventSourceArn');
  const selfManaged = properties.object('SelfManagedEventSource');
  if (arn !== undefined && selfManaged !== undefined) {
    properties.fail('EventSourceArn', 'cannot be combined with SelfManagedEventSource: keep one of them');
  }
  if (selfManaged !== undefined) {
    const servers = bootstrapServers(selfManaged, (server) => brokers.length > 0 && !isKnownHere(server));
    return { selfManaged: true, brokers: brokers.length > 0 ? brokers : servers };
  }
  if (arn === undefined) return properties.fail('EventSourceArn', 'is required, or SelfManagedEventSource');
  if (isKnownHere(arn) && !/^(cluster|vpc-connection)\//.test(parseArn(arn)?.resource ?? '')) {
    properties.fail(
      'EventSourceArn',
      `expected the ARN of an MSK cluster or of its VPC connection, got ${arn}`,
      'InvalidParameterValueException, Unrecognized event source',
    );
  }
  if (brokers.length === 0) {
    const change = 'set custom.eventSources.brokers, or --brokers';
    properties.fail('EventSourceArn', `no local broker is set for this cluster: ${change}`, ACCEPTED_BY_AWS);
  }
  return { selfManaged: false, arn, brokers };
}

function bootstrapServers(selfManaged: Properties, isReplaced: (server: string) => boolean): readonly string[] {
  selfManaged.only('Endpoints');
  const endpoints = selfManaged.object('Endpoints') ?? selfManaged.fail('Endpoints', 'is required');
  // The spelling of Lambda's API, and that of CloudFormation.
  endpoints.only('KAFKA_BOOTSTRAP_SERVERS', 'KafkaBootstrapServers');
  const spelling = endpoints.has('KAFKA_BOOTSTRAP_SERVERS') ? 'KAFKA_BOOTSTRAP_SERVERS' : 'KafkaBootstrapServers';
  const servers = endpoints.list(spelling) ?? endpoints.fail('KafkaBootstrapServers', 'is required');
  if (servers.length < 1 || servers.length > 10) {
    endpoints.fail(spelling, `must hold 1 to 10 servers, holds ${servers.length}`);
  }
  for (const server of servers) {
    if (typeof server === 'string' && isReplaced(server)) continue;
    if (typeof server !== 'string' || !/^[^\s:]+:\d{1,5}$/.test(server)) {
      endpoints.fail(spelling, `expected host:port, got ${JSON.stringify(server)}`);
    }
  }
  return servers as string[];
}

export function readTopic(properties: Properties): string {
  const topics = properties.list('Topics') ?? properties.fail('Topics', 'is required');
  const [topic] = topics;
  if (topics.length !== 1 || typeof topic !== 'string') {
    return properties.fail('Topics', `must hold exactly one topic, holds ${topics.length}: use a mapping for each`);
  }
  if (!/^(?!\.)[a-zA-Z0-9\-_.]{1,249}$/.test(topic)) {
    const expected = '1 to 249 letters, digits, "-", "_" and ".", no leading "."';
    return properties.fail('Topics', `expected ${expected}, got ${JSON.stringify(topic)}`);
  }
  return topic;
}

/** `nowMs` is in milliseconds since 1970. */
export function readStartingPosition(properties: Properties, nowMs: number): StartingPosition {
  const type = properties.oneOf('StartingPosition', ['LATEST', 'TRIM_HORIZON', 'AT_TIMESTAMP']);
  if (type === undefined) {
    return properties.fail('StartingPosition', 'is required: LATEST, TRIM_HORIZON or AT_TIMESTAMP');
  }
  const seconds = properties.number('StartingPositionTimestamp', 0, Number.MAX_SAFE_INTEGER);
  if (type !== 'AT_TIMESTAMP') {
    if (seconds !== undefined) {
      properties.fail('StartingPositionTimestamp', `is for AT_TIMESTAMP, not for ${type}: remove one of them`);
    }
    return { type };
  }
  if (seconds === undefined) return properties.fail('StartingPositionTimestamp', 'is required with AT_TIMESTAMP');
  const timestampMs = Math.round(seconds * 1_000);
  if (timestampMs > nowMs) {
    properties.fail('StartingPositionTimestamp', 'must not be in the future: give Unix time in seconds');
  }
  return { type, timestampMs };
}

/** Undefined: the consumer group is the mapping's UUID. */
export function readConsumerGroup(properties: Properties, selfManaged: boolean): string | undefined {
  const name = selfManaged ? 'SelfManagedKafkaEventSourceConfig' : 'AmazonManagedKafkaEventSourceConfig';
  const other = selfManaged ? 'AmazonManagedKafkaEventSourceConfig' : 'SelfManagedKafkaEventSourceConfig';
  if (properties.has(other)) properties.fail(other, `belongs to the other kind of cluster: use ${name}`);
  const config = properties.object(name);
  config?.only('ConsumerGroupId', 'SchemaRegistryConfig', ...(selfManaged ? ['ConsumptionMode'] : []));
  const mode = config?.text('ConsumptionMode');
  if (mode !== undefined && !/^stream$/i.test(mode)) {
    config?.fail('ConsumptionMode', `${mode} (share groups) is not emulated: only Stream is`, ACCEPTED_BY_AWS);
  }
  return config?.text('ConsumerGroupId', { maximumLength: 200, pattern: /^[a-zA-Z0-9 \-/*:_+=.@]+$/ });
}

/** Only validated: the emulator's option `kafka` has the credentials of the local broker. */
export function checkAccess(properties: Properties, selfManaged: boolean): void {
  const allowed = selfManaged ? accessTypes.selfManaged : accessTypes.msk;
  const configurations = properties.list('SourceAccessConfigurations') ?? [];
  configurations.forEach((configuration, index) => {
    const item = new Properties(properties.resource, configuration, `SourceAccessConfigurations[${index}]`);
    item.only('Type', 'URI');
    item.oneOf('Type', allowed);
    item.text('URI', { maximumLength: 10_000 });
  });
}
