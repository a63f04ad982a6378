import { type AwsCalls, COMMON_CALLS, invoke, publish, READ_OBJECTS, signInTo } from '../core/aws-calls.ts';
import { SALARIES_DEAD_LETTER_TOPIC, SALARIES_TOPIC } from '../core/topics.ts';

/** Every call of AWS that this function makes. */
export const transformCsvCalls: readonly AwsCalls[] = [
  ...COMMON_CALLS,
  signInTo('target'),
  ...READ_OBJECTS,
  // It continues a long file in a new invocation of itself.
  invoke('function-invoker', 'transform-csv'),
  ...publish(SALARIES_TOPIC, SALARIES_DEAD_LETTER_TOPIC),
];
