import { type AwsCalls, COMMON_CALLS, inspect, POSITION_ITEM, publish, signInTo } from '../core/aws-calls.ts';
import { CHANGES_TOPIC } from '../core/topics.ts';

/** Every call of AWS that this function makes. */
export const pollChangesCalls: readonly AwsCalls[] = [
  ...COMMON_CALLS,
  signInTo('source'),
  {
    ...{ by: 'dynamodb/dynamo-poller-ledger', actions: ['dynamodb:GetItem', 'dynamodb:UpdateItem'] },
    on: [POSITION_ITEM],
  },
  ...inspect([CHANGES_TOPIC], []),
  ...publish(CHANGES_TOPIC),
];
