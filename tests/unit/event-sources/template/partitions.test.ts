import { readTemplate } from '../../../../localstack/event-sources/template/template-model.ts';

const fn = {
  Type: 'AWS::Lambda::Function',
  Properties: { FunctionName: 'fn', DeadLetterConfig: { TargetArn: { 'Fn::GetAtt': ['Dead', 'Arn'] } } },
};
const arnOfFn = {
  'Fn::Join': [
    ':',
    ['arn', { Ref: 'AWS::Partition' }, 'lambda', { Ref: 'AWS::Region' }, '123456789012', 'function', 'fn'],
  ],
};

test.each([
  ['eu-central-1', 'aws', 'amazonaws.com'],
  ['cn-north-1', 'aws-cn', 'amazonaws.com.cn'],
  ['us-gov-west-1', 'aws-us-gov', 'amazonaws.com'],
  ['us-iso-east-1', 'aws-iso', 'c2s.ic.gov'],
  ['us-isob-east-1', 'aws-iso-b', 'sc2s.sgov.gov'],
  ['eu-isoe-west-1', 'aws-iso-e', 'cloud.adc-e.uk'],
  ['eusc-de-east-1', 'aws-eusc', 'amazonaws.eu'],
])(
  '[documented] partitions: in %s every source, destination and function is one of %s',
  (region, partition, suffix) => {
    const model = readTemplate(
      {
        Resources: {
          Fn: fn,
          Dead: {
            Type: 'AWS::SNS::Topic',
            Properties: { TopicName: { 'Fn::Join': ['-', ['dead', { Ref: 'AWS::URLSuffix' }]] } },
          },
          Bucket: {
            Type: 'AWS::S3::Bucket',
            Properties: {
              BucketName: 'b',
              NotificationConfiguration: { LambdaConfigurations: [{ Event: 's3:ObjectCreated:*', Function: arnOfFn }] },
            },
          },
          Rule: {
            Type: 'AWS::Events::Rule',
            Properties: { Name: 'r', ScheduleExpression: 'rate(1 hour)', Targets: [{ Id: 'fn', Arn: arnOfFn }] },
          },
          Schedule: {
            Type: 'AWS::Scheduler::Schedule',
            Properties: {
              Name: 's',
              ScheduleExpression: 'rate(1 hour)',
              FlexibleTimeWindow: { Mode: 'OFF' },
              Target: { Arn: arnOfFn },
            },
          },
          Mapping: {
            Type: 'AWS::Lambda::EventSourceMapping',
            Properties: {
              FunctionName: arnOfFn,
              EventSourceArn: `arn:${partition}:kafka:${region}:123456789012:cluster/demo/1`,
              Topics: ['t'],
              StartingPosition: 'LATEST',
              DestinationConfig: { OnFailure: { Destination: `arn:${partition}:sqs:${region}:123456789012:failed` } },
            },
          },
          Queue: {
            Type: 'AWS::Lambda::EventSourceMapping',
            Properties: { FunctionName: arnOfFn, EventSourceArn: `arn:${partition}:sqs:${region}:123456789012:q` },
          },
        },
      },
      { region, accountId: '123456789012' },
      { brokers: ['127.0.0.1:1'], allowErrorControlsOnDemand: false, maximumFilters: 5, now: Date.now },
    );
    const target = model.functions.find('fn');
    expect(target?.arn).toBe(`arn:${partition}:lambda:${region}:123456789012:function:fn`);
    expect(target?.asynchronous.deadLetterTarget).toBe(`arn:${partition}:sns:${region}:123456789012:dead-${suffix}`);
    expect(model.notifications).toMatchObject([{ bucketArn: `arn:${partition}:s3:::b`, function: { name: 'fn' } }]);
    expect(model.schedules.map(({ arn }) => arn)).toEqual([
      `arn:${partition}:events:${region}:123456789012:rule/r`,
      `arn:${partition}:scheduler:${region}:123456789012:schedule/default/s`,
    ]);
    expect(model.mappings).toMatchObject([
      { function: { name: 'fn' }, onFailureDestination: `arn:${partition}:sqs:${region}:123456789012:failed` },
    ]);
    expect(model.unsupportedMappings).toEqual(['Queue']);
  },
);
