import { readTemplate } from '../../../../../localstack/event-sources/template/template-model.ts';

const arn = 'arn:aws:kafka:eu-central-1:123456789012:cluster/demo/6357e0b2-0e6a-4b3c-a0b4-70df934c2e31-5';
const provisioned = { ProvisionedPollerConfig: { MinimumPollers: 1 } };
const selfManaged = {
  EventSourceArn: undefined,
  SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ['a:9092', 'b:9092'] } },
};

function read(properties: object, { timeout = 3, allow = false }: { timeout?: number; allow?: boolean } = {}) {
  const base = { FunctionName: { Ref: 'Fn' }, EventSourceArn: arn, Topics: ['t'], StartingPosition: 'LATEST' };
  const model = readTemplate(
    {
      Resources: {
        Fn: { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'fn', Timeout: timeout } },
        Mapping: { Type: 'AWS::Lambda::EventSourceMapping', Properties: { ...base, ...properties } },
      },
    },
    {},
    { brokers: ['127.0.0.1:9092'], allowErrorControlsOnDemand: allow, maximumFilters: 5, now: () => 1_700_000_000_000 },
  );
  return model.mappings[0];
}

test("fills in AWS's defaults", () => {
  expect(read({})).toMatchObject({
    id: 'Mapping',
    topic: 't',
    batchSize: 100,
    batchingWindowMs: 500,
    enabled: true,
    maximumRetryAttempts: -1,
    maximumRecordAgeSeconds: -1,
    bisectBatchOnFunctionError: false,
    reportsBatchItemFailures: false,
    function: { name: 'fn', timeoutSeconds: 3 },
  });
  expect(read({})?.pollers).toBeUndefined();
});

test('the consumer group is the UUID of the mapping, the same at each start', () => {
  expect(read({})?.consumerGroupId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(read({})?.consumerGroupId).toBe(read({})?.consumerGroupId);
});

test('[documented] a changed create-only property makes a new mapping, any other does not', () => {
  const before = read({})?.uuid;
  expect(read({ BatchSize: 7, Enabled: false })?.uuid).toBe(before);
  for (const changed of [{ StartingPosition: 'TRIM_HORIZON' }, { Topics: ['other'] }, selfManaged]) {
    expect(read(changed)?.uuid).not.toBe(before);
  }
});

test('a window of 0 is 0, and an empty ProvisionedPollerConfig is on-demand mode', () => {
  expect(read({ MaximumBatchingWindowInSeconds: 0 })?.batchingWindowMs).toBe(0);
  expect(read({ ProvisionedPollerConfig: {} })?.pollers).toBeUndefined();
  expect(read({ ProvisionedPollerConfig: { MaximumPollers: 3 } })?.pollers).toEqual({ minimum: 1, maximum: 3 });
});

test.each([
  [1_699_999_999, 1_699_999_999_000],
  [1_699_999_999.25, 1_699_999_999_250],
  ['1699999999.25', 1_699_999_999_250],
])('[documented] StartingPositionTimestamp may have a fraction: %j', (StartingPositionTimestamp, timestampMs) => {
  expect(read({ StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp })?.startingPosition).toEqual({
    type: 'AT_TIMESTAMP',
    timestampMs,
  });
});

test('the local brokers replace those of a self-managed cluster', () => {
  expect(read(selfManaged)).toMatchObject({ brokers: ['127.0.0.1:9092'] });
  expect(read(selfManaged)).not.toHaveProperty('eventSourceArn');
});

test('[documented] poller groups, metrics and logging configuration are accepted, and change nothing', () => {
  const without = read(provisioned);
  expect(
    read({
      ProvisionedPollerConfig: { MinimumPollers: 1, PollerGroupName: 'shared-group_1' },
      MetricsConfig: { Metrics: ['EventCount', 'ErrorCount', 'KafkaMetrics'] },
      LoggingConfig: { SystemLogLevel: 'DEBUG' },
    }),
  ).toEqual(without);
});

test.each<[string, object, RegExp]>([
  ['BatchSize', { BatchSize: 0 }, /1 to 10000, got 0/],
  ['BatchSize', { BatchSize: 10_001 }, /1 to 10000/],
  ['BatchSize', { BatchSize: 1.5 }, /whole number/],
  ['MaximumBatchingWindowInSeconds', { MaximumBatchingWindowInSeconds: 301 }, /0 to 300/],
  ['Topics', { Topics: ['a', 'b'] }, /exactly one topic/],
  ['Topics', { Topics: ['.a'] }, /no leading/],
  ['Topics', { Topics: ['x'.repeat(250)] }, /1 to 249/],
  ['StartingPosition', { StartingPosition: undefined }, /is required/],
  ['StartingPosition', { StartingPosition: 'EARLIEST' }, /LATEST, TRIM_HORIZON, AT_TIMESTAMP/],
  ['StartingPositionTimestamp', { StartingPosition: 'AT_TIMESTAMP' }, /is required with AT_TIMESTAMP/],
  [
    'StartingPositionTimestamp',
    { StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: 1_800_000_000 },
    /future/,
  ],
  ['StartingPositionTimestamp', { StartingPositionTimestamp: 1 }, /is for AT_TIMESTAMP/],
  [
    'StartingPositionTimestamp',
    { StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: 1_700_000_000.5 },
    /future/,
  ],
  [
    'StartingPositionTimestamp',
    { StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: '2026-01-01' },
    /expected a number, 0 to /,
  ],
  ['StartingPositionTimestamp', { StartingPosition: 'AT_TIMESTAMP', StartingPositionTimestamp: -1 }, /must be 0 to /],
  ['MaximumRetryAttempts', { ...provisioned, MaximumRetryAttempts: 10_001 }, /-1 or 0 to 10000/],
  ['MaximumRetryAttempts', { MaximumRetryAttempts: 3 }, /needs provisioned mode/],
  ['MaximumRecordAgeInSeconds', { ...provisioned, MaximumRecordAgeInSeconds: 59 }, /-1 or 60 to 604800/],
  ['BisectBatchOnFunctionError', { BisectBatchOnFunctionError: true }, /needs provisioned mode/],
  ['FunctionResponseTypes', { FunctionResponseTypes: ['ReportBatchItemFailures'] }, /needs provisioned mode/],
  ['FunctionResponseTypes', { ...provisioned, FunctionResponseTypes: ['Other'] }, /expected ReportBatchItemFailures/],
  ['DestinationConfig.OnFailure.Destination', { DestinationConfig: { OnFailure: { Destination: 'x' } } }, /ARN of SQS/],
  [
    'DestinationConfig.OnFailure.Destination',
    { DestinationConfig: { OnFailure: { Destination: 'arn:aws:lambda:eu-central-1:123456789012:function:f' } } },
    /ARN of SQS, SNS or S3, or kafka:\/\/TOPIC, got arn:aws:lambda/,
  ],
  [
    'DestinationConfig.OnFailure.Destination',
    { DestinationConfig: { OnFailure: { Destination: 'kafka://other' } } },
    /needs provisioned mode/,
  ],
  [
    'DestinationConfig.OnFailure.Destination',
    { ...provisioned, DestinationConfig: { OnFailure: { Destination: 'kafka://t' } } },
    /source topic itself/,
  ],
  ['FilterCriteria.Filters[0].Pattern', { FilterCriteria: { Filters: [{ Pattern: '{' }] } }, /Invalid filter pattern/],
  [
    'FilterCriteria.Filters',
    { FilterCriteria: { Filters: Array.from({ length: 6 }, () => ({ Pattern: '{"value":["a"]}' })) } },
    /at most 5/,
  ],
  ['ProvisionedPollerConfig.MinimumPollers', { ProvisionedPollerConfig: { MinimumPollers: 201 } }, /1 to 200/],
  [
    'ProvisionedPollerConfig.MaximumPollers',
    { ProvisionedPollerConfig: { MinimumPollers: 5, MaximumPollers: 4 } },
    /at least MinimumPollers/,
  ],
  ['ParallelizationFactor', { ParallelizationFactor: 2 }, /Kinesis/],
  ['TumblingWindowInSeconds', { TumblingWindowInSeconds: 2 }, /Kinesis/],
  ['Nonsense', { Nonsense: 1 }, /not a property/],
  ['DestinationConfig.OnFail', { DestinationConfig: { OnFail: {} } }, /not a known property; expected OnFailure/],
  [
    'DestinationConfig.OnFailure.Arn',
    { DestinationConfig: { OnFailure: { Arn: 'arn:aws:sqs:eu-central-1:123456789012:q' } } },
    /expected Destination/,
  ],
  ['FilterCriteria.filters', { FilterCriteria: { filters: [] } }, /expected Filters/],
  ['FilterCriteria.Filters[0].pattern', { FilterCriteria: { Filters: [{ pattern: '{}' }] } }, /expected Pattern/],
  ['ProvisionedPollerConfig.Pollers', { ProvisionedPollerConfig: { Pollers: 2 } }, /expected MinimumPollers/],
  [
    'AmazonManagedKafkaEventSourceConfig.GroupId',
    { AmazonManagedKafkaEventSourceConfig: { GroupId: 'g' } },
    /expected ConsumerGroupId/,
  ],
  [
    'SelfManagedEventSource.Endpoints.BootstrapServers',
    { ...selfManaged, SelfManagedEventSource: { Endpoints: { BootstrapServers: ['a:1'] } } },
    /expected KAFKA_BOOTSTRAP_SERVERS, KafkaBootstrapServers/,
  ],
  ['MetricsConfig.Names', { MetricsConfig: { Names: [] } }, /expected Metrics/],
  ['EventSourceArn', { ...selfManaged, EventSourceArn: arn }, /cannot be combined/],
  ['EventSourceArn', { EventSourceArn: undefined }, /is required/],
  [
    'EventSourceArn',
    { EventSourceArn: 'demo' },
    /expected the ARN of an MSK cluster .*, got demo \(AWS: .*Unrecognized/,
  ],
  [
    'EventSourceArn',
    { EventSourceArn: arn.replace(':cluster/', ':topic/') },
    /expected the ARN of an MSK cluster or of its VPC connection, got arn:aws:kafka:/,
  ],
  [
    'EventSourceArn',
    { EventSourceArn: { 'Fn::GetAtt': ['Cluste', 'Arn'] } },
    /Cluste is not in the template: correct it .* \(AWS: .*: Unresolved resource dependencies \[Cluste\]/,
  ],
  [
    'Topics',
    { Topics: [{ Ref: 'F' }] },
    /F is not in the template: correct it \(expected Fn, Mapping\) \(AWS: Template format error: Unresolved/,
  ],
  [
    'SelfManagedEventSource.Endpoints.KafkaBootstrapServers',
    { EventSourceArn: undefined, SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ['nohost'] } } },
    /host:port/,
  ],
  [
    'SelfManagedKafkaEventSourceConfig.ConsumptionMode',
    { ...selfManaged, SelfManagedKafkaEventSourceConfig: { ConsumptionMode: 'Queue' } },
    /not emulated/,
  ],
  [
    'AmazonManagedKafkaEventSourceConfig.ConsumerGroupId',
    { AmazonManagedKafkaEventSourceConfig: { ConsumerGroupId: 'a b#' } },
    /must satisfy/,
  ],
  ['SourceAccessConfigurations[0].Type', { SourceAccessConfigurations: [{ Type: 'BASIC_AUTH' }] }, /must be one of/],
  ['LoggingConfig', { LoggingConfig: { SystemLogLevel: 'INFO' } }, /needs provisioned mode/],
  ['MetricsConfig.Metrics', { MetricsConfig: { Metrics: ['Other'] } }, /EventCount/],
  [
    'FunctionName',
    { FunctionName: { 'Fn::GetAtt': ['Unknown', 'Arn'] } },
    /Unknown is not in the template: .*\(AWS: Template format error: Unresolved resource dependencies \[Unknown\]/,
  ],
])('[documented] rejects %s, naming resource and property', (property, properties, message) => {
  expect(() => read(properties)).toThrow(message);
  expect(() => read(properties)).toThrow(`Mapping: ${property}: `);
});

test('[documented] a function above 14 minutes is rejected', () => {
  expect(() => read({}, { timeout: 841 })).toThrow(/14 minutes/);
});

test('[inferred] error controls without provisioned mode are rejected, or allowed by the option', () => {
  expect(() => read({ MaximumRetryAttempts: 3 })).toThrow(/needs provisioned mode/);
  expect(read({ MaximumRetryAttempts: 3 }, { allow: true })?.maximumRetryAttempts).toBe(3);
});
