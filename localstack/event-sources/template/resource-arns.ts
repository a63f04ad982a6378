import type { PseudoParameters } from './pseudo-parameters.ts';
import { stableUuid } from './stable-uuid.ts';

interface ResourceType {
  /** The property that names the resource, where the template sets one. */
  readonly nameProperty: string;
  readonly arn: (pseudo: PseudoParameters, name: string) => string;
}

const resourceTypes: Readonly<Record<string, ResourceType>> = {
  'AWS::Lambda::Function': {
    nameProperty: 'FunctionName',
    arn: (p, name) => `arn:${p.partition}:lambda:${p.region}:${p.accountId}:function:${name}`,
  },
  'AWS::S3::Bucket': { nameProperty: 'BucketName', arn: (p, name) => `arn:${p.partition}:s3:::${name}` },
  'AWS::SQS::Queue': {
    nameProperty: 'QueueName',
    arn: (p, name) => `arn:${p.partition}:sqs:${p.region}:${p.accountId}:${name}`,
  },
  'AWS::SNS::Topic': {
    nameProperty: 'TopicName',
    arn: (p, name) => `arn:${p.partition}:sns:${p.region}:${p.accountId}:${name}`,
  },
  'AWS::MSK::Cluster': { nameProperty: 'ClusterName', arn: mskArn },
  'AWS::MSK::ServerlessCluster': { nameProperty: 'ClusterName', arn: mskArn },
  'AWS::Events::Rule': {
    nameProperty: 'Name',
    arn: (p, name) => `arn:${p.partition}:events:${p.region}:${p.accountId}:rule/${name}`,
  },
};

/** The property that names a resource of the type; undefined for types that the emulator does not know. */
export function namePropertyOf(type: string): string | undefined {
  return resourceTypes[type]?.nameProperty;
}

/** The ARN of a resource. Types that the emulator does not know get the general form, with the service's name. */
export function resourceArn(type: string, name: string, pseudo: PseudoParameters): string {
  const service = (type.split('::')[1] ?? 'unknown').toLowerCase();
  return (
    resourceTypes[type]?.arn(pseudo, name) ??
    `arn:${pseudo.partition}:${service}:${pseudo.region}:${pseudo.accountId}:${name}`
  );
}

/** AWS generates the id at the end of the ARN; here it is derived from the name. */
export function mskArn(pseudo: PseudoParameters, name: string): string {
  const id = `${stableUuid(name)}-1`;
  return `arn:${pseudo.partition}:kafka:${pseudo.region}:${pseudo.accountId}:cluster/${name}/${id}`;
}
