import {
  CHANGES_DEAD_LETTER_TOPIC,
  CHANGES_TOPIC,
  DEAD_LETTER_RETENTION_MS,
  RETENTION_MS,
  SALARIES_DEAD_LETTER_TOPIC,
  SALARIES_TOPIC,
} from './topics.ts';

/**
 * The broker sets the time of each record, which also decides when the record is deleted. Otherwise Kafka refuses
 * records of a function whose clock is ahead, and deletes those of one whose clock is behind before they are consumed.
 */
const ENFORCED = { 'message.timestamp.type': 'LogAppendTime' };

/** The topics as `provision` creates them. A change of them changes the hash in infra/topics-version.js. */
export function topicSpecifications(partitions: number) {
  const specify = (topic: string, retentionMs: number) => ({
    topic,
    partitions,
    config: {
      'cleanup.policy': 'delete',
      'retention.ms': String(retentionMs),
      // Only the age deletes records. MSK Serverless would delete those beyond 250 GiB of a partition.
      'retention.bytes': '-1',
    },
    enforced: ENFORCED,
  });
  return [
    specify(SALARIES_TOPIC, RETENTION_MS),
    specify(CHANGES_TOPIC, RETENTION_MS),
    specify(SALARIES_DEAD_LETTER_TOPIC, DEAD_LETTER_RETENTION_MS),
    specify(CHANGES_DEAD_LETTER_TOPIC, DEAD_LETTER_RETENTION_MS),
  ];
}
