import type { KafkaMapping } from '../../../../../localstack/event-sources/model/kafka-mapping.ts';
import { readTemplate } from '../../../../../localstack/event-sources/template/template-model.ts';

const complete = {
  SchemaRegistryURI: 'https://registry.example',
  EventRecordFormat: 'JSON',
  AccessConfigs: [{ Type: 'BASIC_AUTH', URI: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:registry' }],
  SchemaValidationConfigs: [{ Attribute: 'VALUE' }],
};
const provisioned = { ProvisionedPollerConfig: { MinimumPollers: 1 } };

function read(registry: object, properties: object = provisioned, local?: object): KafkaMapping | undefined {
  const { mappings } = readTemplate(
    {
      Resources: {
        Fn: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'fn' } },
        Mapping: {
          Type: 'AWS::Lambda::EventSourceMapping',
          Properties: {
            FunctionName: { Ref: 'Fn' },
            EventSourceArn: 'arn:aws:kafka:eu-central-1:123456789012:cluster/demo/1',
            Topics: ['t'],
            StartingPosition: 'LATEST',
            AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'g', SchemaRegistryConfig: registry },
            ...properties,
          },
        },
      },
    },
    {},
    {
      brokers: ['127.0.0.1:9092'],
      allowErrorControlsOnDemand: false,
      maximumFilters: 5,
      now: Date.now,
      ...(local && { schemaRegistry: local }),
    },
  );
  return mappings[0];
}

test('a schema registry with a URL is read, and the option replaces its address and its secret', () => {
  expect(read(complete)?.schemaRegistry).toEqual({
    url: 'https://registry.example',
    eventRecordFormat: 'JSON',
    validates: ['value'],
  });
  const local = { endpoint: 'http://127.0.0.1:8081', username: 'u', password: 'p' };
  const both = { ...complete, SchemaValidationConfigs: [{ Attribute: 'VALUE' }, { Attribute: 'KEY' }] };
  expect(read(both, provisioned, local)?.schemaRegistry).toEqual({
    url: 'http://127.0.0.1:8081',
    credentials: { username: 'u', password: 'p' },
    eventRecordFormat: 'JSON',
    validates: ['key', 'value'],
  });
  expect(read({})).not.toHaveProperty('schemaRegistry');
});

test.each<[string, object | undefined, object | undefined]>([
  ['http://user:pass@127.0.0.1:8081/api', undefined, { username: 'user', password: 'pass' }],
  ['http://user@127.0.0.1:8081/api', undefined, { username: 'user', password: '' }],
  ['http://@127.0.0.1:8081/api', undefined, undefined],
  ['http://a:b@127.0.0.1:8081/api', { username: 'u', password: 'p' }, { username: 'u', password: 'p' }],
  [
    'https://registry.example',
    { endpoint: 'http://us%40er:10%:%20%C3%A9@127.0.0.1:8081/api' },
    { username: 'us@er', password: '10%: é' },
  ],
])('the credentials in the URL %s are not in the URL that is used and shown', (uri, local, credentials) => {
  const registry = read({ ...complete, SchemaRegistryURI: uri }, provisioned, local)?.schemaRegistry;
  expect([registry?.url, registry?.credentials]).toEqual(['http://127.0.0.1:8081/api', credentials]);
});

test('[documented] a changed schema registry does not replace the mapping', () => {
  expect(read(complete)?.uuid).toBe(read({ ...complete, EventRecordFormat: 'SOURCE' })?.uuid);
  expect(read(complete)?.uuid).toBe(read({})?.uuid);
});

test('an added schema registry keeps the consumer group of a mapping without ConsumerGroupId', () => {
  const without = { ...provisioned, AmazonManagedKafkaEventSourceConfig: undefined };
  const only = { ...provisioned, AmazonManagedKafkaEventSourceConfig: { SchemaRegistryConfig: complete } };
  expect(read({}, only)?.schemaRegistry).toBeDefined();
  expect(read({}, only)?.consumerGroupId).toBe(read({}, without)?.consumerGroupId);
});

test.each<[string, object, RegExp]>([
  ['SchemaRegistryURI', { SchemaRegistryURI: undefined }, /is required/],
  [
    'SchemaRegistryURI',
    { SchemaRegistryURI: 'arn:aws:glue:eu-central-1:123456789012:registry/r' },
    /Glue's schema registry is not emulated: .*\(AWS: accepts it\)/,
  ],
  ['SchemaRegistryURI', { SchemaRegistryURI: 'registry.example:8081' }, /expected http/],
  ['SchemaRegistryURI', { SchemaRegistryURI: 'http://a b' }, /must satisfy/],
  ['EventRecordFormat', { EventRecordFormat: undefined }, /is required: JSON or SOURCE/],
  ['EventRecordFormat', { EventRecordFormat: 'AVRO' }, /must be one of JSON, SOURCE, got AVRO/],
  ['SchemaValidationConfigs', { SchemaValidationConfigs: [] }, /must hold 1 or 2 attributes/],
  ['SchemaValidationConfigs[0].Attribute', { SchemaValidationConfigs: [{ Attribute: 'HEADERS' }] }, /KEY, VALUE/],
  ['AccessConfigs[0].Type', { AccessConfigs: [{ Type: 'SASL_SCRAM_512_AUTH' }] }, /must be one of BASIC_AUTH/],
  ['AccessConfigs', { AccessConfigs: [{}, {}, {}] }, /at most 2/],
  ['Uri', { Uri: 'http://registry' }, /not a known property/],
])('[documented] rejects %s of a schema registry, naming resource and property', (property, change, message) => {
  const registry = { ...complete, ...change };
  expect(() => read(registry)).toThrow(message);
  expect(() => read(registry)).toThrow(
    `Mapping: AmazonManagedKafkaEventSourceConfig.SchemaRegistryConfig.${property}: `,
  );
});

test('[documented] a schema registry needs provisioned mode', () => {
  expect(() => read(complete, {})).toThrow(
    'Mapping: AmazonManagedKafkaEventSourceConfig.SchemaRegistryConfig: needs provisioned mode: add ProvisionedPollerConfig',
  );
});
