import { clusterArn, refusalOf } from '../read-model.ts';
import { msk, samTemplate, selfManaged, withEvent } from './sam-templates.ts';

const ofEvent = (text: string) => `Resource with id [Load] is invalid. Event with id [In] is invalid. ${text}`;
const byLogicalId = (text: string) => `Resource with id [Load] is invalid. Event with id [LoadIn] is invalid. ${text}`;
const ofLoadIn = (text: string) => `Resource with id [LoadIn] is invalid. ${text}`;

test.each<[string, object, string, string, string]>([
  ['MSK', { ...msk, Stream: undefined }, 'Stream', 'is required', ofLoadIn("Missing required property 'Stream'.")],
  [
    'MSK',
    { ...msk, StartingPosition: undefined },
    'StartingPosition',
    'is required',
    ofLoadIn("Missing required property 'StartingPosition'."),
  ],
  [
    'MSK',
    { ...msk, BatchSze: 1 },
    'BatchSze',
    'MSK events do not have this property; did you mean BatchSize?',
    ofLoadIn('property BatchSze not defined for resource of type MSK'),
  ],
  [
    'MSK',
    { ...msk, DestinationConfig: { OnSuccess: {} } },
    'DestinationConfig.OnFailure',
    'is required',
    byLogicalId("Property 'DestinationConfig.OnFailure' should be a map."),
  ],
  [
    'MSK',
    { ...msk, DestinationConfig: { OnFailure: { Type: 'Queue' } } },
    'DestinationConfig.OnFailure.Type',
    'expected SQS, SNS, S3 or Kafka, got "Queue"',
    byLogicalId("The only valid values for 'Type' are 'SQS', 'SNS', 'S3', and 'Kafka'"),
  ],
  [
    'SelfManagedKafka',
    { ...selfManaged, KafkaBootstrapServers: [] },
    'KafkaBootstrapServers',
    'is required',
    ofEvent('No KafkaBootstrapServers provided for self managed kafka as an event source'),
  ],
  [
    'SelfManagedKafka',
    { ...selfManaged, SourceAccessConfigurations: undefined },
    'SourceAccessConfigurations',
    'is required',
    ofEvent('No SourceAccessConfigurations for self managed kafka event provided.'),
  ],
  [
    'SelfManagedKafka',
    { ...selfManaged, Stream: clusterArn },
    'Stream',
    'SelfManagedKafka events do not have this property; no name resembles it',
    ofLoadIn('property Stream not defined for resource of type SelfManagedKafka'),
  ],
  [
    'S3',
    { Bucket: 'files', Events: 's3:*' },
    'Bucket',
    'expected the Ref of a bucket of this template, got "files"',
    ofEvent('S3 events must reference an S3 bucket in the same template.'),
  ],
  ['S3', { Bucket: { Ref: 'Bucket' } }, 'Events', 'is required', ofLoadIn("Missing required property 'Events'.")],
  ['Schedule', {}, 'Schedule', 'is required', ofLoadIn("Missing required property 'Schedule'.")],
  [
    'Schedule',
    { Schedule: 'rate(1 hour)', State: 'ENABLED', Enabled: true },
    'State',
    'cannot be combined with Enabled: keep one of them',
    ofEvent('State and Enabled Properties cannot both be specified.'),
  ],
  [
    'Schedule',
    { Schedule: 'rate(1 hour)', Enabled: 'yes' },
    'Enabled',
    'expected true or false, got "yes"',
    ofLoadIn("Type of property 'Enabled' is invalid."),
  ],
  [
    'Schedule',
    { Schedule: 'rate(1 hour)', InputPath: '$' },
    'InputPath',
    'Schedule events do not have this property; did you mean Input?',
    ofLoadIn('property InputPath not defined for resource of type Schedule'),
  ],
  ['ScheduleV2', {}, 'ScheduleExpression', 'is required', ofLoadIn("Missing required property 'ScheduleExpression'.")],
  [
    'ScheduleV2',
    { ScheduleExpression: 'rate(1 hour)', Name: 'n', OmitName: true },
    'Name',
    'cannot be combined with OmitName: keep one of them',
    byLogicalId('Name cannot be set when OmitName is True'),
  ],
])('SAM: rejected in one line with resource, event and property: %s %j', (type, properties, property, message, aws) => {
  const given = JSON.parse(JSON.stringify(properties)) as object;
  expect(refusalOf(withEvent(type, given))).toBe(
    `Load: Events.In.Properties.${property}: SAM: ${message} (AWS: ${aws})`,
  );
});

test('what Lambda rejects of an event is an error of the mapping that SAM generates', () => {
  expect(refusalOf(withEvent('MSK', { ...msk, BatchSize: 0 }))).toBe(
    'LoadIn: BatchSize: must be 1 to 10000, got 0 (AWS: ValidationException, failed to satisfy constraint)',
  );
  expect(refusalOf(withEvent('MSK', { ...msk, TumblingWindowInSeconds: 1 }))).toContain(
    'LoadIn: TumblingWindowInSeconds: is for Kinesis',
  );
});

test.each<[unknown, string]>([
  [
    { Type: 'Msk' },
    'Load: Events.In.Type: SAM: Msk is not a type of events; did you mean MSK? (AWS: Resource with id [Load] is invalid. Event with id [In] is invalid. Resource dict has missing or invalid value for key Type. Event Type is: Msk.)',
  ],
  [
    { Properties: msk },
    'Load: Events.In.Type: SAM: expected MSK, SelfManagedKafka, S3, Schedule, ScheduleV2, got undefined (AWS: ',
  ],
  ['MSK', 'Load: Events.In: SAM: expected an object, got "MSK"'],
])('SAM: an event without a known type is rejected: %j', (event, expected) => {
  expect(refusalOf(samTemplate({ Events: { In: event } }))).toContain(expected);
});
