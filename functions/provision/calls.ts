import { ALL_TOPICS, type AwsCalls, type AwsResource, COMMON_CALLS, signInTo } from '../core/aws-calls.ts';

const topics = ALL_TOPICS.map((topic): AwsResource => `topic ${topic}`);

/** Every call of AWS that this function makes. */
export const provisionCalls: readonly AwsCalls[] = [
  ...COMMON_CALLS,
  // As the owner: with the password, or with a token when RDS demands one.
  {
    ...{ by: 'postgres/sign-in-by-secret', actions: ['secretsmanager:GetSecretValue'] },
    on: ['secret source', 'secret target'],
  },
  signInTo('source', 'target'),
  { by: 'kafka/kafka-topic-admin', actions: ['kafka-cluster:Connect'], on: ['cluster'] },
  {
    by: 'kafka/kafka-topic-admin',
    // The last one adds partitions, when an operator asks for it.
    actions: ['kafka-cluster:CreateTopic', 'kafka-cluster:DescribeTopic', 'kafka-cluster:AlterTopic'],
    on: topics,
  },
  {
    by: 'kafka/topic-settings',
    actions: ['kafka-cluster:DescribeTopicDynamicConfiguration', 'kafka-cluster:AlterTopicDynamicConfiguration'],
    on: topics,
  },
];
