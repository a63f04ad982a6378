import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readOptions } from '../../../../localstack/event-sources/options.ts';
import { readTemplateFile } from '../../../../localstack/event-sources/template/from-file.ts';
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

function refusal(resource: object): string {
  try {
    readTemplate(
      { Resources: { Fn: fn, Faulty: resource as typeof fn } },
      {},
      { brokers: ['127.0.0.1:1'], allowErrorControlsOnDemand: false, maximumFilters: 5, now: Date.now },
    );
  } catch (error) {
    return (error as Error).message;
  }
  throw new Error('expected to be refused');
}

const other = 'arn:aws:lambda:us-east-1:000000000000:function:other';

// Resource, property, what to change, what AWS says: each in one line.
test.each<[string, object, string]>([
  [
    'a mapping to an unknown function',
    mapping({ FunctionName: 'other' }),
    "Faulty: FunctionName: Function not found: other; name one of the template's: fn (AWS: ResourceNotFoundException, Function not found)",
  ],
  [
    'a bucket that notifies an unknown function',
    bucket({ Event: 's3:ObjectCreated:*', Function: other }),
    `Faulty: LambdaConfigurations[0].Function: Function not found: ${other}; name a function of the template (AWS: InvalidArgument, unable to validate the destination configurations)`,
  ],
  [
    'a rule for an unknown function',
    rule('rate(1 minute)', { Arn: other }),
    `Faulty: Targets[0].Arn: Function not found: ${other}; name a function of the template (AWS: ResourceNotFoundException)`,
  ],
  [
    'a filter pattern that is no JSON',
    mapping({ FilterCriteria: { Filters: [{ Pattern: '{"value":' }] } }),
    'Faulty: FilterCriteria.Filters[0].Pattern: Invalid filter pattern definition: ',
  ],
  [
    'a filter pattern with an operator that Lambda does not have',
    mapping({ FilterCriteria: { Filters: [{ Pattern: '{"value":{"a":[{"wildcard":"x*"}]}}' }] } }),
    'Faulty: FilterCriteria.Filters[0].Pattern: Invalid filter pattern definition: ',
  ],
  [
    'a cluster of two kinds',
    mapping({ SelfManagedEventSource: { Endpoints: { KafkaBootstrapServers: ['a:1'] } } }),
    'Faulty: EventSourceArn: cannot stand beside SelfManagedEventSource: keep the one that you mean (AWS: InvalidParameterValueException)',
  ],
  [
    'a time without AT_TIMESTAMP',
    mapping({ StartingPositionTimestamp: 1 }),
    'Faulty: StartingPositionTimestamp: is for AT_TIMESTAMP, not for LATEST: take one of them out (AWS: InvalidParameterValueException)',
  ],
  [
    'retry limits in on-demand mode',
    mapping({ MaximumRetryAttempts: 3 }),
    'Faulty: MaximumRetryAttempts: needs provisioned mode: add ProvisionedPollerConfig, or set errorControlsOnDemand: allow (AWS: has it in provisioned mode only)',
  ],
  [
    'a number out of range',
    mapping({ BatchSize: 0 }),
    'Faulty: BatchSize: must be 1 to 10000, got 0 (AWS: ValidationException, failed to satisfy constraint)',
  ],
  [
    'what only the emulator does not have',
    mapping({ AmazonManagedKafkaEventSourceConfig: { SchemaRegistryConfig: {} } }),
    'Faulty: AmazonManagedKafkaEventSourceConfig.SchemaRegistryConfig: schema registries are not emulated: take it out for local runs (AWS: takes it)',
  ],
  [
    'input and inputPath of one target',
    rule('rate(1 minute)', { Input: '{}', InputPath: '$.detail' }),
    'Faulty: Targets[0].Input: only one of Input, InputPath and InputTransformer may be given: keep one (AWS: ValidationException)',
  ],
  [
    'a schedule that AWS does not read',
    rule('rate(1 minutes)'),
    'Faulty: ScheduleExpression: expected rate(1 minute), rate(5 minutes), rate(1 hour), ..., got rate(1 minutes) (AWS: ValidationException)',
  ],
])('%s is refused in one line', (_name, resource, expected) => {
  const message = refusal(resource);
  expect(message.slice(0, expected.length)).toBe(expected);
  expect(message).toMatch(/^[^\n]+ \(AWS: [^\n]+\)$/);
});

test('a filter pattern says where it is wrong and what can be there', () => {
  const wildcard = mapping({ FilterCriteria: { Filters: [{ Pattern: '{"value":{"a":[{"wildcard":"x*"}]}}' }] } });
  expect(refusal(wildcard)).toContain('wildcard');
  expect(refusal(mapping({ FilterCriteria: { Filters: [{ Pattern: '{"key":["a"]}' }] } }))).toContain('key');
});

test('options: each fault in a line with its path', () => {
  const faulty = { brokers: ['nohost'], logLevel: 'chatty', asyncConcurrency: 0, unknown: 1 };
  expect(() => readOptions(faulty)).toThrow(
    /^custom\.eventSources\.brokers\.0: expected host:port\n.*logLevel: .*\n.*asyncConcurrency: .*\n.*unknown/s,
  );
});

describe('A template file', () => {
  let directory: string;
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), 'template-'));
  });
  afterEach(() => rm(directory, { recursive: true, force: true }));
  const read = async (text: string) => {
    await writeFile(join(directory, 't.yml'), text);
    return readTemplateFile(join(directory, 't.yml'));
  };

  test('that is neither JSON nor YAML, has no Resources or is not there is named', async () => {
    await expect(read('{"Resources": [')).rejects.toThrow(/t\.yml: neither JSON nor YAML: give a compiled template/);
    await expect(read('{}')).rejects.toThrow(/t\.yml: expected a CloudFormation template with Resources/);
    await expect(readTemplateFile(join(directory, 'no.yml'))).rejects.toThrow(/no\.yml: the template cannot be read/);
  });

  test("may use CloudFormation's short forms", async () => {
    const template = await read('Resources:\n  Fn:\n    Type: T\n    Properties: { A: !GetAtt B.Arn.C, D: !Ref E }\n');
    expect(template.Resources['Fn']?.Properties).toEqual({ A: { 'Fn::GetAtt': ['B', 'Arn.C'] }, D: { Ref: 'E' } });
  });
});
