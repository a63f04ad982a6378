import type { ParameterValues } from '../../../../localstack/event-sources/template/parameters.ts';
import { lambdaFunction, mappingTo, modelOf, refusalOf } from './read-model.ts';

const Parameters = {
  Topics: { Type: 'CommaDelimitedList', Default: 'orders, payments' },
  Sizes: { Type: 'List<Number>', Default: '7,8' },
  Brokers: { Type: 'CommaDelimitedList', Default: 'a:9092 ,b:9092' },
  Stage: { Type: 'String', Default: 'dev', AllowedValues: ['dev', 'prod'] },
  Size: { Type: 'Number', Default: 100 },
  Group: { Type: 'String', Default: 'g', AllowedPattern: '[a-z]+' },
  Required: { Type: 'String' },
  Java: { Type: 'String', Default: 'a', AllowedPattern: '(?i)[a' },
  Stored: { Type: 'AWS::SSM::Parameter::Value<String>', Default: '/kafka/topic' },
};
const template = (further: object) => ({
  Parameters,
  Resources: { Fn: lambdaFunction(), Mapping: mappingTo({ Ref: 'Fn' }, further) },
});
const mappingWith = (further: object, parameters = {}) => modelOf(template(further), { parameters }).mappings[0];

test('[documented] parameters: a CommaDelimitedList and a List are lists of trimmed items', () => {
  const { topic, batchSize } =
    mappingWith({
      Topics: [{ 'Fn::Select': [1, { Ref: 'Topics' }] }],
      BatchSize: { 'Fn::Select': ['0', { Ref: 'Sizes' }] },
    }) ?? {};
  expect({ topic, batchSize }).toEqual({ topic: 'payments', batchSize: 7 });
  expect(mappingWith({ Topics: { Ref: 'Topics' } }, { Topics: 'one' })?.topic).toBe('one');
  expect(mappingWith({ Topics: [{ 'Fn::Join': ['.', { Ref: 'Topics' }] }] })?.topic).toBe('orders.payments');
  const selfManaged = { Endpoints: { KafkaBootstrapServers: { Ref: 'Brokers' } } };
  const { mappings } = modelOf(
    template({ EventSourceArn: { Ref: 'AWS::NoValue' }, SelfManagedEventSource: selfManaged }),
    {
      brokers: [],
    },
  );
  expect(mappings[0]?.brokers).toEqual(['a:9092', 'b:9092']);
});

test('[documented] parameters: a given value replaces the default, also in conditions', () => {
  const further = { BatchSize: { Ref: 'Size' }, Topics: [{ 'Fn::Sub': `orders-\${Stage}` }] };
  expect(mappingWith(further)).toMatchObject({ batchSize: 100, topic: 'orders-dev' });
  const given = { Stage: 'prod', Size: '500' };
  expect(mappingWith(further, given)).toMatchObject({ batchSize: 500, topic: 'orders-prod' });
  expect(mappingWith({ Topics: { Ref: 'Topics' } }, { Topics: ['one'] })?.topic).toBe('one');
  expect(mappingWith({ Topics: [{ Ref: 'Stored' }] }, { Stored: 'orders' })?.topic).toBe('orders');
  expect(mappingWith({ Topics: [{ Ref: 'Java' }] }, { Java: 'b' })?.topic).toBe('b');
  const Conditions = { IsProd: { 'Fn::Equals': [{ Ref: 'Stage' }, 'prod'] } };
  const conditional = { ...template({ BatchSize: { 'Fn::If': ['IsProd', 1, 2] } }), Conditions };
  expect(modelOf(conditional, { parameters: given }).mappings[0]?.batchSize).toBe(1);
});

test('a parameter without a value is accepted where no event source uses it', () => {
  const functionSettings = lambdaFunction({ Environment: { Variables: { A: { Ref: 'Required' } } } });
  const Idle = lambdaFunction({ FunctionName: 'idle', Timeout: { Ref: 'Required' } });
  const Resources = { Fn: functionSettings, Idle, Mapping: mappingTo({ Ref: 'Fn' }) };
  expect(modelOf({ Parameters, Resources }).mappings).toHaveLength(1);
});

const needsValue = { Ref: 'Required' };
const functionArn = 'arn:aws:lambda:eu-central-1:123456789012:function:fn';
const clusterOfEcs = { Arn: 'arn:aws:ecs:eu-central-1:123456789012:cluster/c', Id: 'c', RoleArn: needsValue };
const rule = (properties: object) => ({ Type: 'AWS::Events::Rule', Properties: properties });
const schedule = (properties: object) => ({ Type: 'AWS::Scheduler::Schedule', Properties: properties });
const invokeConfig = (properties: object) => ({ Type: 'AWS::Lambda::EventInvokeConfig', Properties: properties });

test.each<[string, object]>([
  ['a rule for another service', rule({ ScheduleExpression: needsValue, Targets: [clusterOfEcs] })],
  [
    'a rule whose targets are chosen',
    rule({ ScheduleExpression: 'rate(1 day)', Targets: [{ 'Fn::If': ['Never', { Arn: functionArn }, clusterOfEcs] }] }),
  ],
  ['a schedule for another service', schedule({ ScheduleExpression: needsValue, Target: clusterOfEcs })],
  ['a zone function', schedule({ Target: { ...clusterOfEcs, Subnets: { 'Fn::GetAZs': '' } } })],
  [
    'a mapping of a queue',
    mappingTo(
      { Ref: 'Fn' },
      { EventSourceArn: 'arn:aws:sqs:eu-central-1:123456789012:q', Topics: undefined, BatchSize: needsValue },
    ),
  ],
  ['settings of another function', invokeConfig({ FunctionName: 'other', MaximumRetryAttempts: needsValue })],
  ['settings of a function that only AWS knows', invokeConfig({ FunctionName: needsValue })],
  ['the name of another function', lambdaFunction({ FunctionName: needsValue })],
  ['the condition of another function', { ...lambdaFunction({ FunctionName: 'other' }), Condition: 'Unknown' }],
  ['the condition of another resource', { Type: 'AWS::SQS::Queue', Condition: 'Unknown' }],
  ['the condition of a bucket without notifications', { Type: 'AWS::S3::Bucket', Condition: 'Unknown' }],
])('a value that is not known here is accepted where no event source uses it: %s', (_name, Other) => {
  const Conditions = { Never: { 'Fn::Equals': [1, 2] }, Unknown: { 'Fn::Equals': [needsValue, 'a'] } };
  const { Resources } = template({});
  const model = modelOf({ Parameters, Conditions, Resources: { ...Resources, Other } });
  expect(model.mappings).toMatchObject([{ id: 'Mapping', function: { name: 'fn' } }]);
  expect(model.schedules).toEqual([]);
});

test.each<[string, object, object]>([
  ['a rule', {}, rule({ ScheduleExpression: needsValue, Targets: [clusterOfEcs, { Arn: functionArn }] })],
  [
    'a schedule',
    {},
    schedule({
      ScheduleExpression: needsValue,
      FlexibleTimeWindow: { Mode: 'OFF' },
      Target: { Arn: functionArn },
    }),
  ],
  ['a target without an ARN', {}, schedule({ ScheduleExpression: needsValue, Target: {} })],
  ['settings', {}, invokeConfig({ FunctionName: 'fn', MaximumRetryAttempts: needsValue })],
  ['a name', { FunctionName: needsValue }, {}],
])('a parameter without a value is rejected where an event source uses it: %s', (_name, changes, Other) => {
  const Resources = {
    Fn: lambdaFunction(changes),
    Mapping: mappingTo({ Ref: 'Fn' }),
    Other: { Type: 'None', ...Other },
  };
  expect(refusalOf({ Parameters, Resources })).toMatch(/^Parameters: Required: has no value and no default/);
});

test.each<[string, object, ParameterValues, string]>([
  [
    'no value and no default',
    { Topics: [{ Ref: 'Required' }] },
    {},
    'Parameters: Required: has no value and no default: give one with --parameter Required=VALUE, or in custom.eventSources.parameters (AWS: ValidationError, Parameters: [Required] must have values)',
  ],
  [
    'a value in Parameter Store',
    { Topics: [{ Ref: 'Stored' }] },
    {},
    'Parameters: Stored: is read from Parameter Store on AWS (/kafka/topic): give one with --parameter Stored=VALUE, or in custom.eventSources.parameters (AWS: reads it at the deployment)',
  ],
  [
    'an unknown name',
    {},
    { Stag: 'x' },
    'Parameters: Stag: is not a parameter of the template; did you mean Stage? (AWS: ValidationError, Parameters: [Stag] do not exist in the template)',
  ],
  [
    'a value that is not allowed',
    {},
    { Stage: 'test' },
    'Parameters: Stage: must be one of dev, prod, got "test" (AWS: ValidationError, Parameter \'Stage\' must be one of AllowedValues)',
  ],
  [
    'a value that is no number',
    {},
    { Size: 'many' },
    'Parameters: Size: expected a number, got "many" (AWS: ValidationError, Parameter \'Size\' must be a number)',
  ],
  [
    'an item that is no number',
    {},
    { Sizes: '1,b' },
    'Parameters: Sizes: expected a number, got "b" (AWS: ValidationError, Parameter \'Sizes\' must be a number)',
  ],
  [
    'a value that does not match',
    {},
    { Group: 'G1' },
    'Parameters: Group: must match [a-z]+, got "G1" (AWS: ValidationError, Parameter \'Group\' must match pattern [a-z]+)',
  ],
  [
    'a list where a text is expected',
    { Topics: [{ 'Fn::Sub': `\${Topics}` }] },
    {},
    'Mapping: Topics[0]: Fn::Sub expected a text for Topics, got a list: use Fn::Join (AWS: Template error)',
  ],
])('rejected in one line: a parameter with %s', (_name, further, parameters, expected) => {
  expect(refusalOf(template(further), { parameters })).toBe(expected);
});

test('an unknown name without a similar one is rejected with all names, or none', () => {
  expect(refusalOf({ Parameters: { A: {} }, Resources: {} }, { parameters: { Zone: 'x' } })).toContain(
    '; expected A (AWS',
  );
  expect(refusalOf({ Resources: {} }, { parameters: { Zone: 'x' } })).toContain('; there are none (AWS');
  expect(refusalOf({ Resources: {} }, { parameters: { toString: 'x' } })).toContain('toString: is not a parameter');
});
