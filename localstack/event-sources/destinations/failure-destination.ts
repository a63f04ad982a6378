import type { KafkaConfig } from 'kafkajs';
import type { KafkaMapping } from '../model/kafka-mapping.ts';
import { AwsFailureDestination } from './aws-failure-destination.ts';
import type { ClosableDestination } from './closable-destination.ts';
import { KafkaFailureDestination } from './kafka-failure-destination.ts';
import type { Sender } from './sender.ts';

/** The on-failure destination of the mapping, if it has one. */
export function failureDestinationOf(
  mapping: KafkaMapping,
  sender: Sender,
  client: Partial<KafkaConfig>,
): ClosableDestination | undefined {
  const destination = mapping.onFailureDestination;
  if (destination === undefined) return undefined;
  const topic = /^kafka:\/\/(.+)$/.exec(destination)?.[1];
  if (topic !== undefined) return new KafkaFailureDestination(mapping, topic, client);
  return new AwsFailureDestination(mapping, destination, sender);
}
