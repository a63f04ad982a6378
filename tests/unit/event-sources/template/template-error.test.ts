import { readTemplate } from '../../../../localstack/event-sources/template/template-model.ts';

const fn = { Type: 'AWS::Lambda::Function', Properties: { FunctionName: 'fn' } };
const mapping = (properties: object) => ({
  Type: 'AWS::Lambda::EventSourceMapping',
  Properties: {
    FunctionName: { Ref: 'Fn' },
    EventSourceArn: 'arn:aws:kafka:eu-central-1:123456789012:cluster/demo/1',
    Topics: ['t'],
    StartingPosition: 'LATEST',
    ...properties,
  },
});
const bucket = (configuration: object) => ({
  Type: 'AWS::S3::Bucket',
  Properties: { BucketName: 'b', NotificationConfiguration: { LambdaConfigurations: [configuration] } },
});
const rule = (expression: string, target: object = {}) => ({
  Type: 'AWS::Events::Rule',
  Properties: {
    ScheduleExpression: expression,
    Targets: [{ Id: 'fn', Arn: { 'Fn::GetAtt': ['Fn', 'Arn'] }, ...target }],
  },
});

function rejectionOf(resource: object): string {
  try {
    readTemplate(
      { Resources: { Fn: fn, Faulty: resource as typeof fn } },
      {},
      { brokers: ['127.0.0.1:1'], allowErrorControlsOnDemand: false, maximumFilters: 5, now: Date.now },
    );
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('expected the template to be rejected');
}

const imported = { 'Fn::ImportValue': 'load-arn' };
const named =
  'name the function with functionNames: {"load-arn": NAME} in custom.eventSources, or --function load-arn=NAME';

test.each<[string, object, string]>([
  [
    'a mapping to a function that only AWS knows',
    mapping({ FunctionName: imported }),
    `Faulty: FunctionName: only AWS knows the import load-arn: ${named} (AWS: accepts it)`,
  ],
  [
    'a bucket that notifies a function that only AWS knows',
    bucket({ Event: 's3:ObjectCreated:*', Function: imported }),
    `Faulty: LambdaConfigurations[0].Function: only AWS knows the import load-arn: ${named} (AWS: accepts it)`,
  ],
  [
    'a rule for a function that only AWS knows',
    rule('rate(1 minute)', { Arn: imported }),
    `Faulty: Targets[0].Arn: only AWS knows the import load-arn: ${named} (AWS: accepts it)`,
  ],
  [
    'a filter pattern that is not JSON',
    mapping({ FilterCriteria: { Filters: [{ Pattern: '{"value":' }] } }),
    'Faulty: FilterCriteria.Filters[0].Pattern: Invalid filter pattern definition: ',
  ],
  [
    'a filter pattern with an operator that Lambda does not have',
    mapping({ FilterCriteria: { Filters: [{ Pattern: '{"value":{"a":[{"wildcard":"x*"}]}}' }] } }),
    'Faulty: FilterCriteria.Filters[0].Pattern: Invalid filter pattern definition: ',
  ],
  [
    'a mapping of two clusters',
    mapping({ SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ['a:1'] } } }),
    'Faulty: EventSourceArn: cannot be combined with SelfManagedEventSource: keep one of them (AWS: InvalidParameterValueException)',
  ],
  [
    'a time without AT_TIMESTAMP',
    mapping({ StartingPositionTimestamp: 1 }),
    'Faulty: StartingPositionTimestamp: is for AT_TIMESTAMP, not for LATEST: remove one of them (AWS: InvalidParameterValueException)',
  ],
  [
    'retry limits in on-demand mode',
    mapping({ MaximumRetryAttempts: 3 }),
    'Faulty: MaximumRetryAttempts: needs provisioned mode: add ProvisionedPollerConfig, or set errorControlsOnDemand: allow (AWS: offers it in provisioned mode only)',
  ],
  [
    'a number out of range',
    mapping({ BatchSize: 0 }),
    'Faulty: BatchSize: must be 1 to 10000, got 0 (AWS: ValidationException, failed to satisfy constraint)',
  ],
  [
    'a property that only the emulator rejects',
    mapping({
      EventSourceArn: undefined,
      SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ['a:1'] } },
      SelfManagedKafkaEventSourceConfig: { ConsumptionMode: 'Queue' },
    }),
    'Faulty: SelfManagedKafkaEventSourceConfig.ConsumptionMode: Queue (share groups) is not emulated: only Stream is (AWS: accepts it)',
  ],
  [
    'input and inputPath of one target',
    rule('rate(1 minute)', { Input: '{}', InputPath: '$.detail' }),
    'Faulty: Targets[0].Input: only one of Input, InputPath and InputTransformer may be given: keep one (AWS: ValidationException)',
  ],
  [
    'an invalid schedule expression',
    rule('rate(1 minutes)'),
    'Faulty: ScheduleExpression: expected rate(1 minute), rate(5 minutes), rate(1 hour), ..., found rate(1 minutes) (AWS: ValidationException, Parameter ScheduleExpression is not valid)',
  ],
])('rejected in one line: %s', (_name, resource, expected) => {
  const message = rejectionOf(resource);
  expect(message.slice(0, expected.length)).toBe(expected);
  expect(message).toMatch(/^[^\n]+ \(AWS: [^\n]+\)$/);
});

test.each([null, {}, [], 'AWS::SQS::Queue'])('a resource without a type is an error in one line: %j', (resource) => {
  expect(rejectionOf(resource as unknown as object)).toBe(
    `Faulty: Type: expected a resource with a Type, got ${JSON.stringify(resource)} (AWS: Template format error: Every Resources object must contain a Type member)`,
  );
});

test('an error in a filter pattern names the operator or field', () => {
  const wildcard = mapping({ FilterCriteria: { Filters: [{ Pattern: '{"value":{"a":[{"wildcard":"x*"}]}}' }] } });
  expect(rejectionOf(wildcard)).toContain('wildcard');
  expect(rejectionOf(mapping({ FilterCriteria: { Filters: [{ Pattern: '{"key":["a"]}' }] } }))).toContain('key');
});
