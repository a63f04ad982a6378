import { type AwsCalls, COMMON_CALLS, inspect, POSITION_ITEM, signInTo } from '../core/aws-calls.ts';
import { CHANGES_GROUP, CHANGES_TOPIC, SALARIES_GROUP, SALARIES_TOPIC } from '../core/topics.ts';

/** Every call of AWS that this function makes. */
export const watchReplicaCalls: readonly AwsCalls[] = [
  ...COMMON_CALLS,
  signInTo('target'),
  {
    ...{ by: 'dynamodb/dynamo-poller-ledger', actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'] },
    on: [POSITION_ITEM],
  },
  ...inspect([CHANGES_TOPIC, SALARIES_TOPIC], [CHANGES_GROUP, SALARIES_GROUP]),
  // Whether records that are missing in the target are still there.
  { by: 'kafka/kafka-topic-inspector', actions: ['kafka-cluster:ReadData'], on: [`topic ${CHANGES_TOPIC}`] },
];
