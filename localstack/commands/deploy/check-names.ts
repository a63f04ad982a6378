import { type Place, resourcesOf, type Template, textOf } from './template.ts';

interface NameRule {
  readonly type: string;
  readonly property: string;
  readonly what: string;
  readonly maxLength: number;
  readonly pattern: RegExp;
}

const RULES: readonly NameRule[] = [
  {
    ...{ type: 'AWS::S3::Bucket', property: 'BucketName', what: 'a bucket', maxLength: 63 },
    pattern: /^[a-z0-9]([a-z0-9.-]{1,61})?[a-z0-9]$/,
  },
  { type: 'AWS::IAM::Role', property: 'RoleName', what: 'a role', maxLength: 64, pattern: /^[\w+=,.@-]+$/ },
  {
    ...{ type: 'AWS::Lambda::Function', property: 'FunctionName', what: 'a function', maxLength: 64 },
    pattern: /^[a-zA-Z0-9_-]+$/,
  },
  {
    ...{ type: 'AWS::MSK::ServerlessCluster', property: 'ClusterName', what: 'a Kafka cluster', maxLength: 64 },
    pattern: /^[a-zA-Z0-9][a-zA-Z0-9-]*$/,
  },
  {
    ...{ type: 'AWS::MSK::Cluster', property: 'ClusterName', what: 'a Kafka cluster', maxLength: 64 },
    pattern: /^[a-zA-Z0-9][a-zA-Z0-9-]*$/,
  },
  {
    ...{ type: 'AWS::RDS::DBInstance', property: 'DBInstanceIdentifier', what: 'a database', maxLength: 63 },
    pattern: /^[a-zA-Z](-?[a-zA-Z0-9])*$/,
  },
  { type: 'AWS::SNS::Topic', property: 'TopicName', what: 'a topic of SNS', maxLength: 256, pattern: /^[\w-]+$/ },
  { type: 'AWS::DynamoDB::Table', property: 'TableName', what: 'a table', maxLength: 255, pattern: /^[\w.-]{3,}$/ },
];

/** Names that AWS would refuse, mostly because the stage is too long. */
export function checkNames(template: Template, stage: string, place: Place): readonly string[] {
  return RULES.flatMap(({ type, property, what, maxLength, pattern }) =>
    resourcesOf(template, type, place).flatMap(({ Properties = {} }) => {
      const name = textOf(Properties[property], template, place);
      if (name === undefined) return [];
      const excess = name.length - maxLength;
      if (excess > 0) return [`${tooLong(name, what, maxLength)} ${shorten(type, stage, excess)}`];
      return pattern.test(name) ? [] : [`The name of ${what} cannot be "${name}": ${shorten(type, stage, 0)}`];
    }),
  );
}

function tooLong(name: string, what: string, maxLength: number): string {
  return `The name of ${what} has at most ${maxLength} characters, but "${name}" has ${name.length}.`;
}

function shorten(type: string, stage: string, excess: number): string {
  const length = stage.length - excess;
  const own = type === 'AWS::S3::Bucket' ? 'give the bucket another name with --param "bucket=NAME"' : undefined;
  const shorter = excess > 0 && length > 0 ? `choose a stage of at most ${length} characters` : 'choose another stage';
  const text = own === undefined ? shorter : `${shorter}, or ${own}`;
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
