import { CHANGES_DEAD_LETTER_TOPIC, CHANGES_TOPIC, SALARIES_DEAD_LETTER_TOPIC, SALARIES_TOPIC } from './topics.ts';

/**
 * What a call is about: `object`, `bucket`, `cluster`, `log`, `any`, or a kind and a name. An `item` has the key of the
 * table; a `user` is the function's own role in that database.
 */
export type AwsResource =
  | 'object'
  | 'bucket'
  | 'cluster'
  | 'log'
  | 'table'
  | 'any'
  | `topic ${string}`
  | `group ${string}`
  | `function ${string}`
  | `item ${string}`
  | `${'user' | 'secret'} ${'source' | 'target'}`;

/**
 * Calls of AWS that a function makes. `calls.ts` of each function lists all of them. tests/unit/infra/permissions.test.ts
 * verifies that the function's role in the compiled template allows these, and none that only other functions make.
 */
export interface AwsCalls {
  /** The file of functions/adapters that makes them, or Lambda itself with the role of the function. */
  readonly by: string;
  readonly actions: readonly string[];
  /** What else the file can call, and this function does not. */
  readonly uncalled?: readonly string[];
  readonly on: readonly AwsResource[];
}

/** The position and the lease of poll-changes in the table of the offsets. */
export const POSITION_ITEM = 'item employee-changes';

export const ALL_TOPICS = [SALARIES_TOPIC, SALARIES_DEAD_LETTER_TOPIC, CHANGES_TOPIC, CHANGES_DEAD_LETTER_TOPIC];

/** Of every function: its log, and the failures that it reports. */
export const COMMON_CALLS: readonly AwsCalls[] = [
  { by: 'lambda', actions: ['logs:CreateLogStream', 'logs:PutLogEvents'], on: ['log'] },
  {
    by: 'dynamodb/dynamo-condition-store',
    actions: ['dynamodb:GetItem', 'dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'],
    on: ['item condition#some'],
  },
];

/** A connection to a database needs a token for the user. */
export function signInTo(...sides: readonly ('source' | 'target')[]): AwsCalls {
  return {
    by: 'postgres/sign-in-by-token',
    actions: ['rds-db:connect'],
    on: sides.map((side): AwsResource => `user ${side}`),
  };
}

/** What Lambda calls for the event source mappings of a function. */
export function consume(topicsByGroup: Readonly<Record<string, string>>): readonly AwsCalls[] {
  const by = 'lambda';
  const groups = Object.keys(topicsByGroup);
  return [
    { by, actions: ['kafka:GetBootstrapBrokers'], on: ['any'] },
    { by, actions: ['kafka:DescribeClusterV2', 'kafka-cluster:Connect'], on: ['cluster'] },
    {
      ...{ by, actions: ['kafka-cluster:DescribeTopic', 'kafka-cluster:ReadData'] },
      on: groups.map((group): AwsResource => `topic ${topicsByGroup[group]}`),
    },
    {
      ...{ by, actions: ['kafka-cluster:DescribeGroup', 'kafka-cluster:AlterGroup'] },
      on: groups.map((group): AwsResource => `group ${group}`),
    },
  ];
}

/** With an idempotent producer. */
export function publish(...topics: readonly string[]): readonly AwsCalls[] {
  const by = 'kafka/kafka-record-publisher';
  return [
    { by, actions: ['kafka-cluster:Connect', 'kafka-cluster:WriteDataIdempotently'], on: ['cluster'] },
    {
      ...{ by, actions: ['kafka-cluster:DescribeTopic', 'kafka-cluster:WriteData'] },
      on: topics.map((topic): AwsResource => `topic ${topic}`),
    },
  ];
}

/** Reads metadata and offsets, of topics and of consumer groups. */
export function inspect(topics: readonly string[], groups: readonly string[]): readonly AwsCalls[] {
  const by = 'kafka/kafka-topic-inspector';
  return [
    { by, actions: ['kafka-cluster:Connect'], on: ['cluster'] },
    { by, actions: ['kafka-cluster:DescribeTopic'], on: topics.map((topic): AwsResource => `topic ${topic}`) },
    { by, actions: ['kafka-cluster:DescribeGroup'], on: groups.map((group): AwsResource => `group ${group}`) },
  ];
}

/** A version of an object by its id, or the present one by its ETag. Without `List…`, a missing one is answered with 403. */
export const READ_OBJECTS: readonly AwsCalls[] = [
  { by: 's3/s3-object-store', actions: ['s3:GetObject', 's3:GetObjectVersion'], on: ['object'] },
  { by: 's3/s3-object-store', actions: ['s3:ListBucket', 's3:ListBucketVersions'], on: ['bucket'] },
];

export function invoke(by: 'function-invoker' | 'function-caller', ...names: readonly string[]): AwsCalls {
  return {
    ...{ by: `lambda/lambda-${by}`, actions: ['lambda:InvokeFunction'] },
    on: names.map((name): AwsResource => `function ${name}`),
  };
}
