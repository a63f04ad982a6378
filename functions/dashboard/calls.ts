import { type AwsCalls, COMMON_CALLS, inspect, invoke, POSITION_ITEM, signInTo } from '../core/aws-calls.ts';
import {
  CHANGES_DEAD_LETTER_TOPIC,
  CHANGES_GROUP,
  CHANGES_TOPIC,
  SALARIES_DEAD_LETTER_TOPIC,
  SALARIES_GROUP,
  SALARIES_TOPIC,
} from '../core/topics.ts';

/** Every call of AWS that this function makes. */
export const dashboardCalls: readonly AwsCalls[] = [
  ...COMMON_CALLS,
  signInTo('source', 'target'),
  {
    ...{ by: 'dynamodb/dynamo-poller-ledger', actions: ['dynamodb:GetItem'], uncalled: ['dynamodb:UpdateItem'] },
    on: [POSITION_ITEM],
  },
  // Only a scan knows the keys of the conditions.
  { by: 'dynamodb/dynamo-condition-reader', actions: ['dynamodb:Scan'], on: ['table'] },
  ...inspect([CHANGES_TOPIC, SALARIES_TOPIC], [CHANGES_GROUP, SALARIES_GROUP]),
  // The payload of a dead letter, which its own page shows.
  {
    ...{ by: 'kafka/kafka-record-reader', actions: ['kafka-cluster:ReadData', 'kafka-cluster:DescribeTopic'] },
    on: [`topic ${CHANGES_DEAD_LETTER_TOPIC}`, `topic ${SALARIES_DEAD_LETTER_TOPIC}`],
  },
  // The actions of the page.
  invoke('function-caller', 'redrive'),
  invoke('function-invoker', 'redrive', 'verify-replica'),
];
