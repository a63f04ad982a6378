import { type AwsCalls, COMMON_CALLS, consume, publish, signInTo } from '../core/aws-calls.ts';
import { CHANGES_DEAD_LETTER_TOPIC, CHANGES_GROUP, CHANGES_TOPIC } from '../core/topics.ts';

/** Every call of AWS that this function makes. */
export const applyChangesCalls: readonly AwsCalls[] = [
  ...COMMON_CALLS,
  ...consume({ [CHANGES_GROUP]: CHANGES_TOPIC }),
  signInTo('target'),
  ...publish(CHANGES_DEAD_LETTER_TOPIC),
];
