import { lambdaFunction, mappingTo, modelOf, refusalOf } from '../read-model.ts';

const ofSelfManaged = (KafkaBootstrapServers: unknown, SchemaRegistryURI: unknown = 'http://registry') => ({
  Resources: {
    Fn: lambdaFunction(),
    Registry: { Type: 'AWS::Glue::Registry' },
    Cluster: { Type: 'Custom::Cluster' },
    Mapping: mappingTo(
      { Ref: 'Fn' },
      {
        EventSourceArn: undefined,
        SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers } },
        ProvisionedPollerConfig: { MinimumPollers: 1 },
        SelfManagedKafkaEventSourceConfig: {
          ConsumerGroupId: 'g',
          SchemaRegistryConfig: {
            SchemaRegistryURI,
            EventRecordFormat: 'JSON',
            SchemaValidationConfigs: [{ Attribute: 'VALUE' }],
          },
        },
      },
    ),
  },
});

const imported = { 'Fn::ImportValue': 'exported' };
const valuesOfAws: [string, unknown, unknown][] = [
  ['an import', { 'Fn::Split': [',', imported] }, imported],
  ['a dynamic reference', ['{{resolve:ssm:/brokers}}'], '{{resolve:ssm:/registry}}'],
  ['an attribute', [{ 'Fn::GetAtt': ['Cluster', 'Servers'] }], { 'Fn::GetAtt': ['Nested', 'Outputs.Url'] }],
];

test.each(valuesOfAws)('brokers and endpoint replace %s', (_name, servers, uri) => {
  const { mappings } = modelOf(ofSelfManaged(servers, uri), { schemaRegistry: { endpoint: 'http://local:8081' } });
  expect(mappings).toMatchObject([{ brokers: ['127.0.0.1:1'], schemaRegistry: { url: 'http://local:8081' } }]);
});

test.each(valuesOfAws)('%s without a local replacement is rejected', (_name, servers, uri) => {
  const property = 'Mapping: SelfManagedEventSource.Endpoints.KafkaBootstrapServers: expected host:port, got ';
  expect(refusalOf(ofSelfManaged(servers), { brokers: [] })).toContain(property);
  expect(refusalOf(ofSelfManaged(['a:1'], uri))).toContain('SchemaRegistryConfig.SchemaRegistryURI: ');
});

test.each<[string, object, string]>([
  ['a server without a port', ofSelfManaged(['nohost']), 'expected host:port, got "nohost"'],
  ['a registry without a scheme', ofSelfManaged(['a:1'], 'registry:8081'), 'expected http:// or https://'],
  ["Glue's registry", ofSelfManaged(['a:1'], { 'Fn::GetAtt': ['Registry', 'Arn'] }), 'is not emulated'],
])('%s is rejected although a local replacement is set', (_name, template, message) => {
  expect(refusalOf(template, { schemaRegistry: { endpoint: 'http://local:8081' } })).toContain(message);
});
