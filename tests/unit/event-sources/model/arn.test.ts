import { parseArn } from '../../../../localstack/event-sources/model/arn.ts';

test.each([
  ['arn:aws:sqs:eu-central-1:123456789012:q', 'aws', 'sqs', 'eu-central-1', '123456789012', 'q'],
  [
    'arn:aws-cn:kafka:cn-north-1:123456789012:cluster/a/1',
    'aws-cn',
    'kafka',
    'cn-north-1',
    '123456789012',
    'cluster/a/1',
  ],
  ['arn:aws-us-gov:s3:::b', 'aws-us-gov', 's3', '', '', 'b'],
  [
    'arn:aws-iso-b:lambda:us-isob-east-1:123456789012:function:f:live',
    'aws-iso-b',
    'lambda',
    'us-isob-east-1',
    '123456789012',
    'function:f:live',
  ],
])('%s has its parts', (arn, partition, service, region, account, resource) => {
  expect(parseArn(arn)).toEqual({ partition, service, region, account, resource });
});

test.each(['', 'q', 'arn:other:sqs:r:1:q', 'arn:aws:sqs:q', 'https://sqs/q', 'kafka://topic'])(
  '"%s" is not an ARN',
  (text) => {
    expect(parseArn(text)).toBeUndefined();
  },
);
