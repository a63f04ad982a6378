import { type FilterCriteria, InvalidPatternError, readFilter } from '../filter/filter-criteria.ts';
import type { KafkaMapping, StartingPosition } from '../kafka/mapping.ts';
import type { Functions } from './functions.ts';
import { type Intrinsics, stableUuid } from './intrinsics.ts';
import { accessTypes, known, otherSources } from './kafka-mapping-properties.ts';
import { Properties } from './properties.ts';
import { resourcesOfType, type Template, TemplateError } from './template.ts';

export interface KafkaMappingOptions {
  /** Stand in for the cluster of MSK mappings, and for the servers that self-managed ones name. */
  readonly brokers?: readonly string[];
  /** AWS shows retry limits, age, bisect and partial answers for provisioned mode only. */
  readonly allowErrorControlsOnDemand: boolean;
  readonly maximumFilters: number;
  readonly now: () => number;
}

const TAKES_IT = 'takes it';

/** Mappings of other sources (SQS, Kinesis, ...) are none of ours; they are named so that it can be said. */
export interface MappingsOfTemplate {
  readonly kafka: readonly KafkaMapping[];
  readonly others: readonly string[];
}

/** Every Kafka mapping of the template, or a TemplateError at the first thing that AWS would refuse. */
export function readKafkaMappings(
  template: Template,
  intrinsics: Intrinsics,
  functions: Functions,
  options: KafkaMappingOptions,
): MappingsOfTemplate {
  const kafka: KafkaMapping[] = [];
  const others: string[] = [];
  for (const [id, resource] of resourcesOfType(template, 'AWS::Lambda::EventSourceMapping')) {
    const properties = new Properties(id, intrinsics.resolve(resource.Properties ?? {}));
    const arn = properties.text('EventSourceArn');
    if (
      !properties.has('SelfManagedEventSource') &&
      arn !== undefined &&
      !/^arn:[^:]*:kafka:/.test(arn) &&
      !properties.has('Topics')
    ) {
      others.push(id);
    } else {
      kafka.push(new MappingReader(properties, intrinsics, functions, options).read());
    }
  }
  refuseSharedGroups(kafka);
  return { kafka, others };
}

class MappingReader {
  readonly #properties: Properties;
  readonly #intrinsics: Intrinsics;
  readonly #functions: Functions;
  readonly #options: KafkaMappingOptions;

  constructor(properties: Properties, intrinsics: Intrinsics, functions: Functions, options: KafkaMappingOptions) {
    this.#properties = properties;
    this.#intrinsics = intrinsics;
    this.#functions = functions;
    this.#options = options;
  }

  read(): KafkaMapping {
    const properties = this.#properties;
    this.#refuseUnknown();
    const source = this.#source();
    const target = this.#function();
    const topic = this.#topic();
    const pollers = this.#pollers(source.selfManaged);
    const destination = this.#destination(topic, pollers !== undefined);
    const filterCriteria = this.#filters();
    this.#access(source.selfManaged);
    this.#logging(pollers !== undefined);
    const uuid = stableUuid(`${this.#intrinsics.pseudo.stackName}/${properties.resource}`);
    const bisect = properties.boolean('BisectBatchOnFunctionError') ?? false;
    const retries = properties.integer('MaximumRetryAttempts', 0, 10_000, [-1]) ?? -1;
    const age = properties.integer('MaximumRecordAgeInSeconds', 60, 604_800, [-1]) ?? -1;
    const reportsItemFailures = this.#responseTypes();
    if (pollers === undefined && !this.#options.allowErrorControlsOnDemand) this.#refuseErrorControls();
    return {
      id: properties.resource,
      uuid,
      function: target,
      ...(source.arn !== undefined && { eventSourceArn: source.arn }),
      brokers: source.brokers,
      topic,
      consumerGroupId: this.#consumerGroup(source.selfManaged) ?? uuid,
      startingPosition: this.#startingPosition(),
      batchSize: properties.integer('BatchSize', 1, 10_000) ?? 100,
      windowMs: windowMs(properties),
      enabled: properties.boolean('Enabled') ?? true,
      maximumRetryAttempts: retries,
      maximumRecordAgeSeconds: age,
      bisectOnError: bisect,
      reportsItemFailures,
      ...(destination !== undefined && { onFailureDestination: destination }),
      ...(filterCriteria !== undefined && { filterCriteria }),
      ...(pollers !== undefined && { pollers }),
    };
  }

  #refuseUnknown(): void {
    for (const name of this.#properties.names) {
      if (otherSources[name] !== undefined)
        this.#properties.fail(name, `is for ${otherSources[name]}, not for Kafka: take it out`);
      if (!known.has(name))
        this.#properties.fail(
          name,
          'is no property of an event source mapping for Kafka: take it out',
          'extraneous key is not permitted',
        );
    }
  }

  #source(): { selfManaged: boolean; arn?: string; brokers: readonly string[] } {
    const properties = this.#properties;
    const arn = properties.text('EventSourceArn');
    const selfManaged = properties.object('SelfManagedEventSource');
    if (arn !== undefined && selfManaged !== undefined) {
      properties.fail('EventSourceArn', 'cannot stand beside SelfManagedEventSource: keep the one that you mean');
    }
    if (selfManaged === undefined) {
      if (arn === undefined) properties.fail('EventSourceArn', 'is required, or SelfManagedEventSource');
      const brokers = this.#options.brokers ?? [];
      if (brokers.length === 0) {
        properties.fail(
          'EventSourceArn',
          'no broker stands in for this cluster: set custom.eventSources.brokers, or --brokers',
          TAKES_IT,
        );
      }
      return { selfManaged: false, arn: arn as string, brokers };
    }
    const endpoints = selfManaged.object('Endpoints') ?? selfManaged.fail('Endpoints', 'is required');
    const spelling = endpoints.has('KAFKA_BOOTSTRAP_SERVERS') ? 'KAFKA_BOOTSTRAP_SERVERS' : 'KafkaBootstrapServers';
    const servers = endpoints.list(spelling) ?? endpoints.fail('KafkaBootstrapServers', 'is required');
    if (servers.length < 1 || servers.length > 10) {
      endpoints.fail(spelling, `must hold 1 to 10 servers, holds ${servers.length}`);
    }
    for (const server of servers) {
      if (typeof server !== 'string' || !/^[^\s:]+:\d{1,5}$/.test(server)) {
        endpoints.fail(spelling, `expected host:port, got ${JSON.stringify(server)}`);
      }
    }
    const brokers = this.#options.brokers ?? [];
    return { selfManaged: true, brokers: brokers.length > 0 ? brokers : (servers as string[]) };
  }

  #function() {
    const name = this.#properties.text('FunctionName');
    if (name === undefined) return this.#properties.fail('FunctionName', 'is required');
    const found = this.#functions.find(name);
    if (found === undefined) {
      const functions = this.#functions.all.map((candidate) => candidate.name).join(', ');
      return this.#properties.fail(
        'FunctionName',
        `Function not found: ${name}; name one of the template's: ${functions || 'it has none'}`,
        'ResourceNotFoundException, Function not found',
      );
    }
    if (found.timeoutSeconds > 14 * 60) {
      this.#properties.fail(
        'FunctionName',
        `${name} has a timeout above 14 minutes, which Kafka mappings do not support: lower its Timeout`,
      );
    }
    return { name: found.name, arn: found.arn, timeoutSeconds: found.timeoutSeconds };
  }

  #topic(): string {
    const topics = this.#properties.list('Topics') ?? this.#properties.fail('Topics', 'is required');
    const [topic] = topics;
    if (topics.length !== 1 || typeof topic !== 'string') {
      return this.#properties.fail(
        'Topics',
        `must hold exactly one topic, holds ${topics.length}: use a mapping for each`,
      );
    }
    if (!/^[^.]([a-zA-Z0-9\-_.]+)?$/.test(topic) || !/^[a-zA-Z0-9\-_.]{1,249}$/.test(topic)) {
      return this.#properties.fail(
        'Topics',
        `expected 1 to 249 letters, digits, "-", "_" and ".", no leading ".", got ${JSON.stringify(topic)}`,
      );
    }
    return topic;
  }

  #startingPosition(): StartingPosition {
    const properties = this.#properties;
    const type = properties.oneOf('StartingPosition', ['LATEST', 'TRIM_HORIZON', 'AT_TIMESTAMP']);
    if (type === undefined)
      return properties.fail('StartingPosition', 'is required: LATEST, TRIM_HORIZON or AT_TIMESTAMP');
    const seconds = properties.integer('StartingPositionTimestamp', 0, Number.MAX_SAFE_INTEGER);
    if (type !== 'AT_TIMESTAMP') {
      if (seconds !== undefined)
        properties.fail('StartingPositionTimestamp', `is for AT_TIMESTAMP, not for ${type}: take one of them out`);
      return { type };
    }
    if (seconds === undefined) return properties.fail('StartingPositionTimestamp', 'is required with AT_TIMESTAMP');
    if (seconds * 1_000 > this.#options.now())
      properties.fail('StartingPositionTimestamp', 'must not be in the future: give Unix time in seconds');
    return { type, timestampMs: seconds * 1_000 };
  }

  #consumerGroup(selfManaged: boolean): string | undefined {
    const name = selfManaged ? 'SelfManagedKafkaEventSourceConfig' : 'AmazonManagedKafkaEventSourceConfig';
    const other = selfManaged ? 'AmazonManagedKafkaEventSourceConfig' : 'SelfManagedKafkaEventSourceConfig';
    if (this.#properties.has(other)) this.#properties.fail(other, `belongs to the other kind of cluster: use ${name}`);
    const config = this.#properties.object(name);
    if (config?.has('SchemaRegistryConfig')) {
      config.fail('SchemaRegistryConfig', 'schema registries are not emulated: take it out for local runs', TAKES_IT);
    }
    const mode = config?.text('ConsumptionMode');
    if (mode !== undefined && !/^stream$/i.test(mode)) {
      config?.fail('ConsumptionMode', `${mode} (share groups) is not emulated: only Stream is`, TAKES_IT);
    }
    return config?.text('ConsumerGroupId', { maximumLength: 200, pattern: /^[a-zA-Z0-9 \-/*:_+=.@]+$/ });
  }

  #pollers(selfManaged: boolean): { minimum: number; maximum: number } | undefined {
    const config = this.#properties.object('ProvisionedPollerConfig');
    // An empty object is how AWS's API turns provisioned mode off.
    if (config === undefined || config.names.length === 0) return undefined;
    const minimum = config.integer('MinimumPollers', 1, 200) ?? 1;
    const maximum = config.integer('MaximumPollers', 1, 2_000) ?? 200;
    config.text('PollerGroupName', { maximumLength: 128, pattern: /^[a-zA-Z0-9\-_]*$/ });
    if (config.has('PollerGroupName') && selfManaged) {
      // Groups only share the bill among mappings of one VPC; nothing about polling changes.
    }
    if (maximum < minimum) {
      config.fail('MaximumPollers', `must be at least MinimumPollers (${minimum}), got ${maximum}`);
    }
    return { minimum, maximum };
  }

  #destination(topic: string, provisioned: boolean): string | undefined {
    const config = this.#properties.object('DestinationConfig');
    if (config?.has('OnSuccess')) config.fail('OnSuccess', 'is not supported by event source mappings: only OnFailure');
    const onFailure = config?.object('OnFailure');
    const destination = onFailure?.text('Destination', { maximumLength: 350 });
    if (onFailure === undefined || destination === undefined || destination === '') return undefined;
    const kafka = /^kafka:\/\/(.+)$/.exec(destination)?.[1];
    if (kafka !== undefined) {
      if (!provisioned)
        onFailure.fail('Destination', 'a Kafka topic needs provisioned mode: add ProvisionedPollerConfig');
      if (kafka === topic)
        onFailure.fail(
          'Destination',
          `${destination} is the source topic itself, which would never end: name another topic`,
        );
      return destination;
    }
    if (!/^arn:[^:]*:(sqs|sns|s3):/.test(destination)) {
      onFailure.fail('Destination', `expected an ARN of SQS, SNS or S3, or kafka://TOPIC, got ${destination}`);
    }
    return destination;
  }

  #filters(): FilterCriteria | undefined {
    const criteria = this.#properties.object('FilterCriteria');
    const filters = criteria?.list('Filters') ?? [];
    if (criteria === undefined || filters.length === 0) return undefined;
    if (filters.length > this.#options.maximumFilters) {
      criteria.fail('Filters', `must hold at most ${this.#options.maximumFilters}, holds ${filters.length}`);
    }
    return {
      filters: filters.map((filter, index) => {
        const item = new Properties(this.#properties.resource, filter, `FilterCriteria.Filters[${index}]`);
        const pattern = item.text('Pattern', { maximumLength: 4_096 }) ?? item.fail('Pattern', 'is required');
        try {
          return readFilter(pattern);
        } catch (error) {
          if (error instanceof InvalidPatternError)
            item.fail('Pattern', `Invalid filter pattern definition: ${error.message}`);
          throw error;
        }
      }),
    };
  }

  #responseTypes(): boolean {
    const types = this.#properties.list('FunctionResponseTypes') ?? [];
    for (const type of types) {
      if (type !== 'ReportBatchItemFailures') {
        this.#properties.fail('FunctionResponseTypes', `expected ReportBatchItemFailures, got ${JSON.stringify(type)}`);
      }
    }
    return types.length > 0;
  }

  #access(selfManaged: boolean): void {
    const allowed = selfManaged ? accessTypes.selfManaged : accessTypes.msk;
    const configurations = this.#properties.list('SourceAccessConfigurations') ?? [];
    configurations.forEach((configuration, index) => {
      const item = new Properties(this.#properties.resource, configuration, `SourceAccessConfigurations[${index}]`);
      item.oneOf('Type', allowed);
      item.text('URI', { maximumLength: 10_000 });
    });
  }

  #logging(provisioned: boolean): void {
    const logging = this.#properties.object('LoggingConfig');
    logging?.oneOf('SystemLogLevel', ['DEBUG', 'INFO', 'WARN']);
    if (logging !== undefined && !provisioned) {
      this.#properties.fail('LoggingConfig', 'needs provisioned mode: add ProvisionedPollerConfig');
    }
    const metrics = this.#properties.object('MetricsConfig');
    for (const metric of metrics?.list('Metrics') ?? []) {
      if (!['EventCount', 'ErrorCount', 'KafkaMetrics'].includes(String(metric))) {
        metrics?.fail('Metrics', `expected EventCount, ErrorCount or KafkaMetrics, got ${JSON.stringify(metric)}`);
      }
    }
  }

  #refuseErrorControls(): void {
    for (const name of [
      'MaximumRetryAttempts',
      'MaximumRecordAgeInSeconds',
      'BisectBatchOnFunctionError',
      'FunctionResponseTypes',
    ]) {
      const given = this.#properties;
      const changesNothing =
        !given.has(name) ||
        (name === 'FunctionResponseTypes' && given.list(name)?.length === 0) ||
        (name === 'BisectBatchOnFunctionError' && given.boolean(name) === false) ||
        (name.startsWith('Maximum') && given.integer(name, -1, Number.MAX_SAFE_INTEGER) === -1);
      if (!changesNothing) {
        given.fail(
          name,
          'needs provisioned mode: add ProvisionedPollerConfig, or set errorControlsOnDemand: allow',
          'has it in provisioned mode only',
        );
      }
    }
  }
}

/** Unset is half a second for Kafka; 0 is sent at once. */
function windowMs(properties: Properties): number {
  const seconds = properties.integer('MaximumBatchingWindowInSeconds', 0, 300);
  return seconds === undefined ? 500 : seconds * 1_000;
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
