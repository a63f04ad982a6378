import { type AwsCalls, COMMON_CALLS, consume, publish, signInTo } from '../core/aws-calls.ts';
import { SALARIES_DEAD_LETTER_TOPIC, SALARIES_GROUP, SALARIES_TOPIC } from '../core/topics.ts';

/** Every call of AWS that this function makes. */
export const loadSalariesCalls: readonly AwsCalls[] = [
  ...COMMON_CALLS,
  ...consume({ [SALARIES_GROUP]: SALARIES_TOPIC }),
  signInTo('target'),
  ...publish(SALARIES_DEAD_LETTER_TOPIC),
];
