import { type AwsCalls, COMMON_CALLS, consume, signInTo } from '../core/aws-calls.ts';
import {
  CHANGES_DEAD_LETTER_GROUP,
  CHANGES_DEAD_LETTER_TOPIC,
  SALARIES_DEAD_LETTER_GROUP,
  SALARIES_DEAD_LETTER_TOPIC,
} from '../core/topics.ts';

/** Every call of AWS that this function makes. */
export const indexDeadLettersCalls: readonly AwsCalls[] = [
  ...COMMON_CALLS,
  ...consume({
    [CHANGES_DEAD_LETTER_GROUP]: CHANGES_DEAD_LETTER_TOPIC,
    [SALARIES_DEAD_LETTER_GROUP]: SALARIES_DEAD_LETTER_TOPIC,
  }),
  signInTo('target'),
];
