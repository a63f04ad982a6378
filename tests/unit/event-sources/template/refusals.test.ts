import { lambdaFunction, mappingTo, modelOf, refusalOf } from './read-model.ts';

const selfManaged = (source: unknown) => ({ EventSourceArn: undefined, SelfManagedEventSource: source });
const servers = (KafkaBootstrapServers?: unknown) => selfManaged({ Endpoints: { KafkaBootstrapServers } });
const onFailure = (Destination: string) => ({ DestinationConfig: { OnFailure: { Destination } } });
const filter = (item: unknown) => ({ FilterCriteria: { Filters: [item] } });
const provisioned = { ProvisionedPollerConfig: { MinimumPollers: 1 } };
const registry = (validation: object) => ({
  ...provisioned,
  AmazonManagedKafkaEventSourceConfig: {
    SchemaRegistryConfig: {
      SchemaRegistryURI: 'http://registry',
      EventRecordFormat: 'JSON',
      SchemaValidationConfigs: [validation],
    },
  },
});

const ofMapping = (properties: object, options = {}) =>
  refusalOf({ Resources: { Fn: lambdaFunction(), Mapping: mappingTo({ Ref: 'Fn' }, properties) } }, options);

test.each<[string, object, string]>([
  ['FunctionName', { FunctionName: undefined }, 'is required'],
  ['Topics', { Topics: undefined }, 'is required'],
  ['Topics', { Topics: 't' }, 'expected a list, got "t"'],
  ['Enabled', { Enabled: 'yes' }, 'expected true or false, got "yes"'],
  ['SelfManagedEventSource', selfManaged('a:9092'), 'expected an object, got "a:9092"'],
  ['SelfManagedEventSource.Endpoints', selfManaged({}), 'is required'],
  ['SelfManagedEventSource.Endpoints.KafkaBootstrapServers', servers(), 'is required'],
  ['SelfManagedEventSource.Endpoints.KafkaBootstrapServers', servers([]), 'must hold 1 to 10 servers, holds 0'],
  [
    'SelfManagedEventSource.Endpoints.KafkaBootstrapServers',
    servers(Array.from({ length: 11 }, () => 'a:9092')),
    'must hold 1 to 10 servers, holds 11',
  ],
  [
    'SelfManagedKafkaEventSourceConfig',
    { SelfManagedKafkaEventSourceConfig: { ConsumerGroupId: 'g' } },
    'belongs to the other kind of cluster: use AmazonManagedKafkaEventSourceConfig',
  ],
  [
    'DestinationConfig.OnSuccess',
    { DestinationConfig: { OnSuccess: {} } },
    'is not supported by event source mappings',
  ],
  [
    'DestinationConfig.OnFailure.Destination',
    { ...provisioned, ...onFailure('kafka://a b') },
    'expected kafka:// and the name of a topic, got kafka://a b',
  ],
  ['FilterCriteria.Filters[0].Pattern', filter({}), 'is required'],
  [
    'FilterCriteria.Filters[0].Pattern',
    filter({ Pattern: { value: ['a'] } }),
    'expected a string, got {"value":["a"]}',
  ],
  [
    'AmazonManagedKafkaEventSourceConfig.SchemaRegistryConfig.SchemaValidationConfigs[0].Attribute',
    registry({}),
    'is required: KEY or VALUE',
  ],
])('[documented] rejects the %s of a mapping %j, naming resource and property', (property, properties, message) => {
  const refusal = ofMapping(properties);
  expect(refusal).toContain(`Mapping: ${property}: ${message}`);
  expect(refusal).toMatch(/ \(AWS: InvalidParameterValueException\)$/);
});

test('a cluster without a local broker is rejected, with what to set', () => {
  expect(ofMapping({}, { brokers: [] })).toBe(
    'Mapping: EventSourceArn: no local broker is set for this cluster: set custom.eventSources.brokers, or --brokers (AWS: accepts it)',
  );
});

test('two mappings of one consumer group are rejected, with both named', () => {
  const config = { AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'g' } };
  const Resources = {
    Fn: lambdaFunction(),
    First: mappingTo({ Ref: 'Fn' }, config),
    Second: mappingTo({ Ref: 'Fn' }, { ...config, Topics: ['other'] }),
  };
  expect(refusalOf({ Resources })).toContain('Second: ConsumerGroupId: g is used by First already');
});

const arn = { 'Fn::GetAtt': ['Fn', 'Arn'] };
const ofScheduler = (Target: unknown, further: object = {}) => ({
  Type: 'AWS::Scheduler::Schedule',
  Properties: { FlexibleTimeWindow: { Mode: 'OFF' }, ScheduleExpression: 'rate(1 day)', Target, ...further },
});
const ofRule = (target: object) => ({
  Type: 'AWS::Events::Rule',
  Properties: { ScheduleExpression: 'rate(1 day)', Targets: [{ Id: 'fn', Arn: arn, ...target }] },
});

test.each<[string, object, string]>([
  ['Target.Arn', ofScheduler({}), 'is required'],
  ['Target', ofScheduler([{ Arn: arn }]), 'expected an object, got ['],
  ['ScheduleExpression', ofScheduler({ Arn: arn }, { ScheduleExpression: undefined }), 'is required'],
  ['Target.Input', ofScheduler({ Arn: arn, Input: 'text' }), 'expected JSON text, found something else: correct it'],
  ['Targets[0].Input', ofRule({ Input: 'text' }), 'expected JSON text, found something else: correct it'],
  ['Targets[0].InputTransformer.InputTemplate', ofRule({ InputTransformer: {} }), 'is required'],
])('[documented] schedules: rejects the %s that is not there or not valid', (property, Tick, message) => {
  expect(refusalOf({ Resources: { Fn: lambdaFunction(), Tick } })).toContain(`Tick: ${property}: ${message}`);
});

test('a condition with a function that conditions do not have is rejected by its name', () => {
  const Conditions = { Chosen: { 'Fn::Any': [] } };
  const Mapping = { ...mappingTo({ Ref: 'Fn' }), Condition: 'Chosen' };
  expect(refusalOf({ Conditions, Resources: { Fn: lambdaFunction(), Mapping } })).toMatch(
    /^Conditions: Chosen: expected Fn::Equals, Fn::And, Fn::Or, Fn::Not or Condition, got Fn::Any \(AWS: /,
  );
});

test('a function that has other properties beside it is rejected by its name', () => {
  expect(ofMapping({ ProvisionedPollerConfig: { 'Fn::If': ['A', 1, 2], MinimumPollers: 1 } })).toMatch(/Fn::If/);
});

test('a schedule without a target invokes nothing', () => {
  expect(
    modelOf({ Resources: { Fn: lambdaFunction(), Tick: ofRule({ Arn: 'arn:aws:sqs:eu-central-1:1:q' }) } }).schedules,
  ).toEqual([]);
});
