import {
  ALL_TOPICS,
  type AwsCalls,
  COMMON_CALLS,
  inspect,
  invoke,
  publish,
  READ_OBJECTS,
  signInTo,
} from '../core/aws-calls.ts';
import {
  CHANGES_DEAD_LETTER_GROUP,
  CHANGES_GROUP,
  CHANGES_TOPIC,
  SALARIES_DEAD_LETTER_GROUP,
  SALARIES_DEAD_LETTER_TOPIC,
  SALARIES_GROUP,
  SALARIES_TOPIC,
} from '../core/topics.ts';

/** Every call of AWS that this function makes. */
export const redriveCalls: readonly AwsCalls[] = [
  ...COMMON_CALLS,
  signInTo('target'),
  ...READ_OBJECTS,
  // It continues a long redrive in a new invocation of itself.
  invoke('function-invoker', 'transform-csv', 'redrive'),
  // Dead letters, and the records themselves whose dead letters were cut.
  {
    ...{ by: 'kafka/kafka-record-reader', actions: ['kafka-cluster:ReadData', 'kafka-cluster:DescribeTopic'] },
    on: ALL_TOPICS.map((topic) => `topic ${topic}` as const),
  },
  ...inspect(ALL_TOPICS, [CHANGES_GROUP, SALARIES_GROUP, CHANGES_DEAD_LETTER_GROUP, SALARIES_DEAD_LETTER_GROUP]),
  ...publish(CHANGES_TOPIC, SALARIES_TOPIC, SALARIES_DEAD_LETTER_TOPIC),
];
