import { headersOfRedriven } from '../core/dead-letter-headers.ts';
import { isRecordOrigin, type RecordOrigin } from '../core/dead-letter-origin.ts';
import { mayOutliveDeletion } from '../core/deletion-memory.ts';
import type { KafkaRecord } from '../core/kafka-record.ts';
import { withoutDeadLetterHeaders } from '../core/dead-letter-headers.ts';
import type { RecordHeaders } from '../core/record-headers.ts';
import type { Sha256 } from '../core/returned-dead-letter.ts';
import { DEAD_LETTER_SUFFIX } from '../core/topics.ts';
import type { RecordReader } from '../ports/record-reader.ts';
import type { DestinationTopic } from './located-publisher.ts';
import { type ReadDeadLetter, refuse, type Step } from './step.ts';

export interface RecordPreparation {
  readonly reader: RecordReader;
  readonly sha256: Sha256;
  /** The topic of changes, for which deletions are remembered for a limited time. */
  readonly changesTopic: string;
  readonly now: () => Date;
  describeTopic(topic: string): Promise<DestinationTopic>;
}

interface Content {
  readonly key: Buffer | null;
  readonly payload: Buffer | null;
  readonly headers: RecordHeaders;
}

/** Restores a record as it was before it became a dead letter, for the partition that it was in. */
export async function prepareRecord(deadLetter: ReadDeadLetter, deps: RecordPreparation): Promise<Step> {
  const { claimed, envelope } = deadLetter;
  const { origin, first } = envelope;
  const topic = claimed.topic.slice(0, -DEAD_LETTER_SUFFIX.length);
  if (!isRecordOrigin(origin) || origin.topic !== topic) {
    return refuse(
      claimed,
      'PIPE_REDRIVE_EDITED',
      `expected a dead letter of topic ${topic}, found one that names another origin; its dead letter was edited`,
    );
  }
  const { partition } = isRecordOrigin(first.origin) && first.origin.topic === topic ? first.origin : origin;
  const { topicId, partitionCount } = await deps.describeTopic(topic);
  if (partition >= partitionCount) {
    return refuse(
      claimed,
      'PIPE_REDRIVE_ORIGIN_GONE',
      `expected partition ${partition} of topic ${topic}, where the record was, found ${partitionCount} partitions`,
    );
  }
  const content = await wholeContent(deadLetter, origin, deps);
  if (content === null) {
    return refuse(
      claimed,
      'PIPE_REDRIVE_ORIGIN_GONE',
      'expected the record in its topic, because its dead letter has not all of it, found none; the topic has deleted it ' +
        'after its retention time',
    );
  }
  if (!isOriginal(content.payload, deadLetter, deps.sha256)) {
    return refuse(
      claimed,
      'PIPE_REDRIVE_EDITED',
      'expected the payload that had failed, found another one; publish an edited record without its dead letter',
    );
  }
  if (topic === deps.changesTopic && mayOutliveDeletion(content.payload, first.at ?? claimed.firstAt, deps.now())) {
    return refuse(
      claimed,
      'PIPE_REDRIVE_TOO_OLD',
      'expected a change of the last 30 days, found an older one; the target may have forgotten that its employee was ' +
        'deleted, so run "npm run resnapshot" instead',
    );
  }
  const { dlqId: id, attempts } = claimed;
  const headers = [...content.headers, ...headersOfRedriven({ id, first, attempts })];
  return {
    claimed,
    kind: 'publish',
    topic,
    topicId,
    record: { key: content.key, value: content.payload, partition, headers },
  };
}

/** What the dead letter has, or, when that is not all, what the origin has; `null` when the origin is gone. */
async function wholeContent(
  { envelope, recordKey }: ReadDeadLetter,
  origin: RecordOrigin,
  { reader }: RecordPreparation,
): Promise<Content | null> {
  const { key = recordKey, payload, headers } = envelope;
  if (!envelope.cut && !envelope.headersCut) return { key, payload, headers };
  const [record] = await reader.read(origin.topic, origin.partition, [BigInt(origin.offset)]);
  return record === undefined ? null : contentOf(record);
}

function contentOf({ key, value, headers = [] }: KafkaRecord): Content {
  return { key, payload: value, headers: withoutDeadLetterHeaders(headers) };
}

/** Dead letters of version 0.1.0 have no checksum: their payload counts when it is whole. */
function isOriginal(payload: Buffer | null, { envelope }: ReadDeadLetter, sha256: Sha256): boolean {
  if ((payload?.length ?? null) !== envelope.payloadBytes) return false;
  if (payload === null) return true;
  return envelope.sha256 === null ? !envelope.cut : sha256(payload) === envelope.sha256;
}
