import { clusterArn, modelOf } from '../read-model.ts';
import { Bucket, msk, samTemplate, selfManaged, Transform, withEvent } from './sam-templates.ts';

const lambda = 'arn:aws:lambda:eu-central-1:123456789012:function';
const errorControls = {
  ProvisionedPollerConfig: { MinimumPollers: 1, MaximumPollers: 2 },
  MaximumRetryAttempts: 5,
  MaximumRecordAgeInSeconds: 60,
  BisectBatchOnFunctionError: true,
  FunctionResponseTypes: ['ReportBatchItemFailures'],
  DestinationConfig: { OnFailure: { Type: 'Kafka', Destination: 'kafka://failed' } },
  FilterCriteria: { Filters: [{ Pattern: '{"value":{"a":["b"]}}' }] },
  LoggingConfig: { SystemLogLevel: 'INFO' },
  MetricsConfig: { Metrics: ['EventCount'] },
};

test('[documented] SAM: an MSK event is the mapping that SAM generates', () => {
  const source = {
    ...msk,
    ...errorControls,
    ConsumerGroupId: 'g',
    BatchSize: 7,
    MaximumBatchingWindowInSeconds: 0,
    Enabled: false,
  };
  const { mappings } = modelOf(withEvent('MSK', source));
  expect(mappings).toMatchObject([
    {
      id: 'LoadIn',
      function: { name: 'Load', arn: `${lambda}:Load`, timeoutSeconds: 3 },
      eventSourceArn: clusterArn,
      topic: 'orders',
      consumerGroupId: 'g',
      startingPosition: { type: 'LATEST' },
      batchSize: 7,
      batchingWindowMs: 0,
      enabled: false,
      maximumRetryAttempts: 5,
      maximumRecordAgeSeconds: 60,
      bisectBatchOnFunctionError: true,
      reportsBatchItemFailures: true,
      onFailureDestination: 'kafka://failed',
      pollers: { minimum: 1, maximum: 2 },
      filterCriteria: { filters: [expect.anything()] },
    },
  ]);
});

test('[documented] SAM: a SelfManagedKafka event is the mapping that SAM generates', () => {
  const template = withEvent('SelfManagedKafka', { ...selfManaged, ConsumerGroupId: 'g' });
  const { mappings } = modelOf(template, { brokers: [] });
  expect(mappings).toMatchObject([
    {
      id: 'LoadIn',
      brokers: ['a:9092'],
      topic: 'orders',
      consumerGroupId: 'g',
      startingPosition: { type: 'TRIM_HORIZON' },
    },
  ]);
  expect(mappings[0]).not.toHaveProperty('eventSourceArn');
});

test('[documented] SAM: an S3 event is added to the notifications of the bucket', () => {
  const Filter = { S3Key: { Rules: [{ Name: 'suffix', Value: '.csv' }] } };
  const Events = ['s3:ObjectCreated:Put', 's3:ObjectRemoved:*'];
  const own = { Event: 's3:ObjectCreated:Copy', Function: `${lambda}:other` };
  const { notifications } = modelOf(
    samTemplate(
      {
        FunctionName: 'load',
        Events: {
          In: { Type: 'S3', Properties: { Bucket: { Ref: 'Bucket' }, Events, Filter } },
          Restored: { Type: 'S3', Properties: { Bucket: { Ref: 'Bucket' }, Events: 's3:ObjectRestore:*' } },
        },
      },
      {
        Bucket: {
          ...Bucket,
          Properties: { ...Bucket.Properties, NotificationConfiguration: { LambdaConfigurations: [own] } },
        },
      },
    ),
  );
  expect(notifications.map(({ bucket, events, suffix, function: { name } }) => [bucket, events, suffix, name])).toEqual(
    [
      ['files', ['s3:ObjectCreated:Copy'], '', 'other'],
      ['files', ['s3:ObjectCreated:Put'], '.csv', 'load'],
      ['files', ['s3:ObjectRemoved:*'], '.csv', 'load'],
      ['files', ['s3:ObjectRestore:*'], '', 'load'],
    ],
  );
});

test.each<[object, object]>([
  [{ Schedule: 'rate(5 minutes)' }, { enabled: true, name: 'local-LoadIn' }],
  [
    { Schedule: 'rate(5 minutes)', Name: 'r', State: 'DISABLED', Input: '{}' },
    { enabled: false, name: 'r', input: '{}' },
  ],
  [{ Schedule: 'rate(5 minutes)', Enabled: { Ref: 'On' } }, { enabled: false }],
  [{ Schedule: 'rate(5 minutes)', Enabled: true }, { enabled: true }],
])('[documented] SAM: a Schedule event is the rule that SAM generates: %j', (properties, expected) => {
  const { schedules } = modelOf(withEvent('Schedule', properties));
  expect(schedules).toMatchObject([
    { id: 'LoadIn/0', kind: 'rule', expressionText: 'rate(5 minutes)', function: { name: 'Load' }, ...expected },
  ]);
});

test('[documented] SAM: a ScheduleV2 event is the schedule that SAM generates', () => {
  const source = {
    ScheduleExpression: 'cron(0 8 * * ? *)',
    ScheduleExpressionTimezone: 'Europe/Berlin',
    GroupName: 'g',
    State: 'DISABLED',
    StartDate: '2026-01-01T00:00:00Z',
    Input: '{"a":1}',
    RetryPolicy: { MaximumRetryAttempts: 1 },
  };
  expect(modelOf(withEvent('ScheduleV2', source)).schedules).toMatchObject([
    {
      id: 'LoadIn',
      kind: 'scheduler',
      arn: 'arn:aws:scheduler:eu-central-1:123456789012:schedule/g/LoadIn',
      expressionText: 'cron(0 8 * * ? *)',
      enabled: false,
      startMs: Date.parse('2026-01-01T00:00:00Z'),
      input: '{"a":1}',
      function: { name: 'Load' },
    },
  ]);
  const unnamed = { ScheduleExpression: 'rate(1 hour)', OmitName: true };
  expect(modelOf(withEvent('ScheduleV2', unnamed)).schedules[0]?.name).toBe('local-LoadIn');
});

test('the condition of the function applies to its events, and Transform may be a list', () => {
  const events = {
    Kafka: { Type: 'MSK', Properties: msk },
    Files: { Type: 'S3', Properties: { Bucket: { Ref: 'Bucket' }, Events: 's3:ObjectCreated:*' } },
    Hourly: { Type: 'Schedule', Properties: { Schedule: 'rate(1 hour)' } },
  };
  const countsFor = (stage: string) => {
    const template = samTemplate({ Events: events });
    const { mappings, notifications, schedules } = modelOf({
      ...template,
      Transform: ['AWS::LanguageExtensions', Transform],
      Conditions: { IsProd: { 'Fn::Equals': [stage, 'prod'] } },
      Resources: { ...template.Resources, Load: { ...template.Resources.Load, Condition: 'IsProd' } },
    });
    return [mappings.length, notifications.length, schedules.length];
  };
  expect(countsFor('prod')).toEqual([1, 1, 1]);
  expect(countsFor('dev')).toEqual([0, 0, 0]);
});

test('events of other services and nested applications are listed as not emulated', () => {
  const { notEmulated, mappings } = modelOf(
    samTemplate(
      {
        Events: {
          Http: { Type: 'HttpApi' },
          Queue: { Type: 'SQS', Properties: { Queue: 'q' } },
          In: { Type: 'MSK', Properties: msk },
        },
      },
      { App: { Type: 'AWS::Serverless::Application', Properties: {} }, Api: { Type: 'AWS::Serverless::Api' } },
    ),
  );
  expect(notEmulated).toEqual([
    { resource: 'App', type: 'AWS::Serverless::Application' },
    { resource: 'Load', event: 'Http', type: 'HttpApi' },
    { resource: 'Load', event: 'Queue', type: 'SQS' },
  ]);
  expect(mappings).toHaveLength(1);
});
