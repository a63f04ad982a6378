import { clusterArn, modelOf, refusalOf } from '../read-model.ts';

const lambda = 'arn:aws:lambda:eu-central-1:123456789012:function';
const Transform = 'AWS::Serverless-2016-10-31';
const Hourly = { Type: 'Schedule', Properties: { Schedule: 'rate(1 hour)' } };
const samFunction = (properties: object, attributes: object = {}) => ({
  Type: 'AWS::Serverless::Function',
  ...attributes,
  Properties: { Events: { Hourly }, ...properties },
});
const functionOf = (Load: object, sections: object = {}) =>
  modelOf({ Transform, ...sections, Resources: { Load } }).schedules[0]?.function;
const arnOf = (name: string) => ({ 'Fn::GetAtt': [name, 'Arn'] });
const sqsArn = 'arn:aws:sqs:eu-central-1:123456789012:q';

test('[documented] SAM: a function has its name, timeout, concurrency and dead letter queue, and its logical id where it has no name', () => {
  const DeadLetterQueue = { Type: 'SQS', TargetArn: sqsArn };
  expect(
    functionOf(samFunction({ Timeout: 30, ReservedConcurrentExecutions: 2, DeadLetterQueue, Runtime: 'x' })),
  ).toEqual({
    name: 'Load',
    arn: `${lambda}:Load`,
    timeoutSeconds: 30,
    isExternal: false,
    asynchronous: {
      maximumRetryAttempts: 2,
      maximumEventAgeSeconds: 21_600,
      reservedConcurrency: 2,
      deadLetterTarget: sqsArn,
    },
  });
  expect(functionOf(samFunction({ FunctionName: { 'Fn::Sub': `\${AWS::StackName}-load` } }))?.name).toBe('local-load');
});

test('[documented] SAM: events invoke the alias that AutoPublishAlias publishes', () => {
  const Load = samFunction({ AutoPublishAlias: { Ref: 'Stage' } });
  expect(functionOf(Load, { Parameters: { Stage: { Default: 'live-1' } } })).toMatchObject({
    name: 'Load',
    qualifier: 'live-1',
  });
  const Mapping = (FunctionName: unknown) => ({
    Type: 'AWS::Lambda::EventSourceMapping',
    Properties: { FunctionName, EventSourceArn: clusterArn, Topics: ['t'], StartingPosition: 'LATEST' },
  });
  const targetOf = (name: unknown) =>
    modelOf({ Transform, Resources: { Load: samFunction({ AutoPublishAlias: 'live-1' }), Mapping: Mapping(name) } })
      .mappings[0]?.function;
  expect(targetOf({ Ref: 'Load.Alias' })).toMatchObject({ name: 'Load', qualifier: 'live-1' });
  expect(targetOf({ 'Fn::Sub': `\${Load.Alias}` })).toMatchObject({ name: 'Load', qualifier: 'live-1' });
  expect(targetOf({ Ref: 'LoadAliasliveD1' })).toMatchObject({ name: 'Load', qualifier: 'live-1' });
  expect(targetOf({ Ref: 'Load.Version' })).not.toHaveProperty('qualifier');
});

test('[documented] SAM: EventInvokeConfig applies to what the events invoke, with the queue and topic that SAM makes', () => {
  const EventInvokeConfig = {
    MaximumRetryAttempts: 0,
    MaximumEventAgeInSeconds: 60,
    DestinationConfig: { OnSuccess: { Type: 'SNS' }, OnFailure: { Type: 'SQS' } },
  };
  const expected = {
    maximumRetryAttempts: 0,
    maximumEventAgeSeconds: 60,
    onSuccess: 'arn:aws:sns:eu-central-1:123456789012:local-LoadEventInvokeConfigOnSuccessTopic',
    onFailure: 'arn:aws:sqs:eu-central-1:123456789012:local-LoadEventInvokeConfigOnFailureQueue',
  };
  expect(functionOf(samFunction({ EventInvokeConfig }))?.asynchronous).toEqual(expected);
  expect(functionOf(samFunction({ EventInvokeConfig, AutoPublishAlias: 'live' }))?.asynchronous).toEqual(expected);
  const toLambda = { DestinationConfig: { OnFailure: { Type: 'Lambda', Destination: arnOf('Load') } } };
  expect(functionOf(samFunction({ EventInvokeConfig: toLambda }))?.asynchronous.onFailure).toBe(`${lambda}:Load`);
});

test('[documented] SAM: Globals apply to all functions, objects are merged, and the own value wins', () => {
  const Globals = {
    Function: { Timeout: 20, EventInvokeConfig: { MaximumRetryAttempts: 1, MaximumEventAgeInSeconds: 60 } },
  };
  const settingsOf = (properties: object, attributes: object = {}) => {
    const { timeoutSeconds, asynchronous } = functionOf(samFunction(properties, attributes), { Globals }) ?? {};
    return [timeoutSeconds, asynchronous?.maximumRetryAttempts, asynchronous?.maximumEventAgeSeconds];
  };
  expect(settingsOf({})).toEqual([20, 1, 60]);
  expect(settingsOf({ Timeout: 5, EventInvokeConfig: { MaximumRetryAttempts: 0 } })).toEqual([5, 0, 60]);
  expect(settingsOf({}, { IgnoreGlobals: ['Timeout'] })).toEqual([3, 1, 60]);
  expect(settingsOf({}, { IgnoreGlobals: '*' })).toEqual([3, 2, 21_600]);
});

const invalid = (text: string) => `Resource with id [Load] is invalid. ${text}`;
const destination = (value: object) => ({ EventInvokeConfig: { DestinationConfig: { OnFailure: value } } });

test.each<[string, object, object, string]>([
  [
    'Load: Timeot',
    samFunction({ Timeot: 3 }),
    {},
    `functions do not have this property; did you mean Timeout? (AWS: ${invalid('property Timeot not defined for resource of type AWS::Serverless::Function')})`,
  ],
  [
    'Load: Events',
    samFunction({ Events: [] }),
    {},
    `expected an object, got [] (AWS: ${invalid("Type of property 'Events' is invalid.")})`,
  ],
  [
    'Load: AutoPublishAlias',
    samFunction({ AutoPublishAlias: '1' }),
    {},
    `expected letters, digits, "-" and "_", and not only digits, got "1" (AWS: ${invalid("AutoPublishAlias name ('1') must contain only alphanumeric characters, hyphens, or underscores")})`,
  ],
  [
    'Load: DeadLetterQueue',
    samFunction({ DeadLetterQueue: { TargetArn: sqsArn } }),
    {},
    `expected a Type, SQS or SNS, and a TargetArn, got {"TargetArn":"${sqsArn}"} (AWS: ${invalid("'DeadLetterQueue' requires Type and TargetArn properties to be specified.")})`,
  ],
  [
    'Load: EventInvokeConfig.DestinationConfig.OnFailure.Type',
    samFunction(destination({ Type: 'Queue' })),
    {},
    `expected SQS, SNS, EventBridge, Lambda or S3Bucket, got "Queue" (AWS: ${invalid("'Type: Queue' must be one of ['SQS', 'SNS', 'EventBridge', 'Lambda', 'S3Bucket']")})`,
  ],
  [
    'Load: EventInvokeConfig.DestinationConfig.OnFailure.Destination',
    samFunction(destination({ Type: 'Lambda' })),
    {},
    `is required for Lambda (AWS: ${invalid("Destination is required if Type is not ['SQS', 'SNS']")})`,
  ],
  [
    'Load: IgnoreGlobals',
    samFunction({}, { IgnoreGlobals: ['Timeout'] }),
    {},
    `expected '*' or names of properties in Globals.Function, got Timeout (AWS: Resource Load has invalid resource attribute 'IgnoreGlobals' on item 'Timeout'.)`,
  ],
  [
    'Globals: Function.FunctionName',
    samFunction({}),
    { Globals: { Function: { FunctionName: 'x' } } },
    "is not a property that all functions can share; no name resembles it (AWS: 'Globals' section is invalid. 'FunctionName' is not a supported property of 'Function')",
  ],
  [
    'Globals: Functions',
    samFunction({}),
    { Globals: { Functions: {} } },
    "has no globals of this name; did you mean Function? (AWS: 'Globals' section is invalid. 'Functions' is not supported. Must be one of the following values)",
  ],
  [
    'Load: Type',
    { Type: 'AWS::Serverless::Functions' },
    {},
    'AWS::Serverless::Functions is not known; did you mean AWS::Serverless::Function? (AWS: Template format error: Unrecognized resource types: [AWS::Serverless::Functions])',
  ],
  [
    'Load: Type',
    samFunction({}),
    { Transform: 'AWS::LanguageExtensions' },
    'AWS::Serverless::Function needs the line Transform: AWS::Serverless-2016-10-31: add it (AWS: Template format error: Unrecognized resource types: [AWS::Serverless::Function])',
  ],
  [
    'Globals: Globals',
    { Type: 'AWS::SQS::Queue' },
    { Transform: undefined, Globals: {} },
    'needs the line Transform: AWS::Serverless-2016-10-31: add it (AWS: Template format error: Invalid template property or properties [Globals])',
  ],
])('SAM: rejected in one line: %s', (place, Load, sections, message) => {
  expect(refusalOf({ Transform, ...sections, Resources: { Load } })).toBe(`${place}: SAM: ${message}`);
});
