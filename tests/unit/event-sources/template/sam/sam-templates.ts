import { clusterArn } from '../read-model.ts';

export const Transform = 'AWS::Serverless-2016-10-31';
const Parameters = { Topics: { Type: 'CommaDelimitedList', Default: 'orders' }, On: { Default: 'false' } };
export const Bucket = { Type: 'AWS::S3::Bucket', Properties: { BucketName: 'files' } };

/** A template with one SAM function. */
export const samTemplate = (properties: object, further: object = {}, sections: object = {}) => ({
  Transform,
  Parameters,
  ...sections,
  Resources: { Load: { Type: 'AWS::Serverless::Function', Properties: properties }, Bucket, ...further },
});

/** A template with a function `Load` that has one event, `In`. */
export const withEvent = (Type: string, Properties: object) => samTemplate({ Events: { In: { Type, Properties } } });

export const msk = { Stream: clusterArn, Topics: ['orders'], StartingPosition: 'LATEST' };
export const selfManaged = {
  KafkaBootstrapServers: ['a:9092'],
  Topics: { Ref: 'Topics' },
  StartingPosition: 'TRIM_HORIZON',
  SourceAccessConfigurations: [
    { Type: 'BASIC_AUTH', URI: 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:k' },
  ],
};
