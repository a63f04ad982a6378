import { type AwsCalls, COMMON_CALLS, inspect, POSITION_ITEM, READ_OBJECTS, signInTo } from '../core/aws-calls.ts';
import { CHANGES_DEAD_LETTER_GROUP, CHANGES_DEAD_LETTER_TOPIC, CHANGES_GROUP, CHANGES_TOPIC } from '../core/topics.ts';

/** Every call of AWS that this function makes. */
export const verifyReplicaCalls: readonly AwsCalls[] = [
  ...COMMON_CALLS,
  signInTo('source', 'target'),
  ...READ_OBJECTS,
  {
    ...{ by: 'dynamodb/dynamo-poller-ledger', actions: ['dynamodb:GetItem'], uncalled: ['dynamodb:UpdateItem'] },
    on: [POSITION_ITEM],
  },
  ...inspect([CHANGES_TOPIC, CHANGES_DEAD_LETTER_TOPIC], [CHANGES_GROUP, CHANGES_DEAD_LETTER_GROUP]),
];
