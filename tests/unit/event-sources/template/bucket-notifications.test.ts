import { Event } from '@aws-sdk/client-s3';
import type { BucketNotification } from '../../../../localstack/event-sources/model/bucket-notification.ts';
import { bucketEvents } from '../../../../localstack/event-sources/template/bucket-events.ts';
import type { Resource } from '../../../../localstack/event-sources/template/template.ts';
import { readTemplate } from '../../../../localstack/event-sources/template/template-model.ts';

const QUEUE = 'arn:aws:sqs:us-east-1:000000000000:queue';
const TOPIC = 'arn:aws:sns:us-east-1:000000000000:topic';

function read(resources: Readonly<Record<string, Resource>>): readonly BucketNotification[] {
  const fn = (FunctionName: string) => ({ Type: 'AWS::Lambda::Function', Properties: { FunctionName } });
  return readTemplate(
    { Resources: { One: fn('one'), Two: fn('two'), ...resources } },
    {},
    { allowErrorControlsOnDemand: false, maximumFilters: 5, now: Date.now },
  ).notifications;
}

interface Rules {
  readonly prefix?: string;
  readonly suffix?: string;
}

const filterOf = (rules: Rules) => ({
  S3Key: { Rules: Object.entries(rules).map(([Name, Value]) => ({ Name, Value })) },
});

/** A configuration of an event for a function, with a filter. */
const configuration = (Event: string, fn: 'One' | 'Two', rules?: Rules) => ({
  Event,
  Function: { 'Fn::GetAtt': [fn, 'Arn'] },
  ...(rules !== undefined && { Filter: filterOf(rules) }),
});
const bucket = (LambdaConfigurations: readonly object[], further: object = {}, BucketName = 'b'): Resource => ({
  Type: 'AWS::S3::Bucket',
  Properties: { BucketName, NotificationConfiguration: { LambdaConfigurations, ...further } },
});
/** As osls makes it for a bucket that exists. */
const existing = (Event: string, FunctionName: string, rules: Rules = {}): Resource => ({
  Type: 'Custom::S3',
  Properties: {
    FunctionName,
    BucketName: 'b',
    BucketConfigs: [{ Event, Rules: Object.entries(rules).map(([name, value]) => ({ [name]: value })) }],
  },
});

const CREATED = 's3:ObjectCreated:*';
const PUT = 's3:ObjectCreated:Put';
const REMOVED = 's3:ObjectRemoved:*';

test("[documented] S3 configurations: the known events are those of S3's service model", () => {
  expect([...bucketEvents].sort()).toEqual([...Object.values(Event)].sort());
});

test.each<[string, Resource]>([
  ['different events', bucket([configuration(CREATED, 'One'), configuration(REMOVED, 'Two')])],
  [
    'different prefixes',
    bucket([configuration(PUT, 'One', { prefix: 'images/' }), configuration(PUT, 'Two', { prefix: 'logs/' })]),
  ],
  [
    'different suffixes',
    bucket([configuration(PUT, 'One', { suffix: '.jpg' }), configuration(PUT, 'Two', { suffix: '.png' })]),
  ],
  [
    'one prefix and different suffixes',
    bucket([
      configuration(CREATED, 'One', { prefix: 'images', suffix: '.jpg' }),
      configuration(PUT, 'Two', { prefix: 'images', suffix: '.png' }),
    ]),
  ],
  [
    'a queue with other events',
    bucket([configuration(CREATED, 'One')], { QueueConfigurations: [{ Event: REMOVED, Queue: QUEUE }] }),
  ],
  ['events that the emulator does not make', bucket([configuration('s3:ObjectTagging:*', 'One')])],
  [
    'rule names in upper case',
    bucket([
      {
        ...configuration(CREATED, 'One'),
        Filter: {
          S3Key: {
            Rules: [
              { Name: 'Prefix', Value: 'a' },
              { Name: 'SUFFIX', Value: 'b' },
            ],
          },
        },
      },
    ]),
  ],
])('[documented] S3 configurations: accepts %s', (_name, resource) => {
  expect(read({ Bucket: resource }).length).toBeGreaterThan(0);
});

const SAME_EVENT =
  '(AWS: InvalidArgument, Configurations overlap. Configurations on the same bucket cannot share a common event type.)';
const AMBIGUOUS =
  '(AWS: InvalidArgument, Configuration is ambiguously defined. Cannot have overlapping suffixes in two rules if the prefixes are overlapping for the same event type.)';

test.each<[string, Readonly<Record<string, Resource>>, string, readonly string[]]>([
  [
    'one event for two functions',
    { Bucket: bucket([configuration(CREATED, 'One'), configuration(PUT, 'Two')]) },
    'Bucket: LambdaConfigurations[1].Event: ',
    ['function one', 'function two', SAME_EVENT],
  ],
  [
    'a prefix beside all keys',
    { Bucket: bucket([configuration(CREATED, 'One'), configuration(CREATED, 'Two', { prefix: 'images' })]) },
    'Bucket: LambdaConfigurations[1].Filter: ',
    ['function one', 'of all keys', 'function two', 'of prefix images', AMBIGUOUS],
  ],
  [
    'a prefix of a prefix',
    {
      Bucket: bucket([
        configuration(PUT, 'One', { prefix: 'images/' }),
        configuration(PUT, 'Two', { prefix: 'images/a' }),
      ]),
    },
    'Bucket: LambdaConfigurations[1].Filter: ',
    ['function one', 'function two', AMBIGUOUS],
  ],
  [
    'a suffix of a suffix',
    { Bucket: bucket([configuration(CREATED, 'One', { suffix: 'jpg' }), configuration(PUT, 'Two', { suffix: 'pg' })]) },
    'Bucket: LambdaConfigurations[1].Filter: ',
    ['suffix jpg', 'suffix pg', AMBIGUOUS],
  ],
  [
    'a suffix that ends with another one',
    { Bucket: bucket([configuration(PUT, 'One', { suffix: 'pg' }), configuration(PUT, 'Two', { suffix: 'jpg' })]) },
    'Bucket: LambdaConfigurations[1].Filter: ',
    ['suffix jpg', 'suffix pg', AMBIGUOUS],
  ],
  [
    'a prefix and a suffix',
    {
      Bucket: bucket([
        configuration(CREATED, 'One', { prefix: 'images', suffix: 'jpg' }),
        configuration(PUT, 'Two', { suffix: 'jpg' }),
      ]),
    },
    'Bucket: LambdaConfigurations[1].Filter: ',
    ['prefix images and suffix jpg', AMBIGUOUS],
  ],
  [
    'a function and a queue',
    { Bucket: bucket([configuration(CREATED, 'One')], { QueueConfigurations: [{ Event: PUT, Queue: QUEUE }] }) },
    'Bucket: QueueConfigurations[0].Event: ',
    [QUEUE, 'function one', SAME_EVENT],
  ],
  [
    'a topic and a queue',
    {
      Bucket: bucket([], {
        QueueConfigurations: [{ Event: PUT, Queue: QUEUE }],
        TopicConfigurations: [{ Event: PUT, Topic: TOPIC }],
      }),
    },
    'Bucket: TopicConfigurations[0].Event: ',
    [QUEUE, TOPIC, SAME_EVENT],
  ],
  [
    'two functions of an existing bucket',
    { A: existing(CREATED, 'one', { prefix: 'a' }), B: existing(CREATED, 'two', { prefix: 'ab' }) },
    'B: BucketConfigs[0].Filter: ',
    ['function one (A.BucketConfigs[0]', 'function two (B.BucketConfigs[0]', AMBIGUOUS],
  ],
])(
  '[documented] S3 configurations: rejects the overlap of %s, naming both targets',
  (_name, resources, start, parts) => {
    expect(() => read(resources)).toThrow(start);
    for (const part of parts) expect(() => read(resources)).toThrow(part);
  },
);

test('two buckets may have the same configuration', () => {
  const same = [configuration(CREATED, 'One')];
  expect(read({ A: bucket(same, {}, 'a'), B: bucket(same, {}, 'b') })).toHaveLength(2);
});

const withRules = (...Rules: object[]) => bucket([{ ...configuration(CREATED, 'One'), Filter: { S3Key: { Rules } } }]);

test.each<[string, Resource, string]>([
  [
    'an unknown event',
    bucket([configuration('s3:ObjectCreated:Upload', 'One')]),
    'LambdaConfigurations[0].Event: expected an event of S3 like s3:ObjectCreated:*, found s3:ObjectCreated:Upload (AWS: InvalidArgument, The event is not supported for notifications)',
  ],
  [
    'no event',
    bucket([{ ...configuration('', 'One'), Event: undefined }]),
    'LambdaConfigurations[0].Event: is required (AWS: required key [Event] not found)',
  ],
  [
    'an unknown event of an existing bucket',
    existing('s3:ObjectCreated', 'one'),
    'BucketConfigs[0].Event: expected an event of S3 like s3:ObjectCreated:*, found s3:ObjectCreated (AWS: ',
  ],
  [
    'an unknown rule',
    withRules({ Name: 'contains', Value: 'a' }),
    'LambdaConfigurations[0].Filter: expected the name of a rule to be prefix or suffix, found contains (AWS: InvalidArgument, filter rule name must be either prefix or suffix)',
  ],
  [
    'two prefixes',
    withRules({ Name: 'prefix', Value: 'a' }, { Name: 'Prefix', Value: 'b' }),
    'LambdaConfigurations[0].Filter: expected at most one prefix rule, found a and b: keep one (AWS: InvalidArgument, Cannot specify more than one prefix rule in a filter.)',
  ],
  [
    'a rule that is too long',
    withRules({ Name: 'suffix', Value: 'ü'.repeat(513) }),
    'LambdaConfigurations[0].Filter: expected a suffix of at most 1024 bytes, found 1026 (AWS: InvalidArgument, Size of filter rule value',
  ],
])('[documented] S3 configurations: rejects %s', (_name, resource, message) => {
  expect(() => read({ Faulty: resource })).toThrow(`Faulty: ${message}`);
});
