import { type DeadLetterOrigin, type EarlierFailures, isRecordOrigin, originOfDlqId } from './dead-letter-origin.ts';
import type { KafkaRecord } from './kafka-record.ts';
import { headerText, type RecordHeaders, TRACE_HEADER } from './record-headers.ts';

/** The headers that identify a failure, so that a record that a redrive has published is known when it fails again. */
export const DLQ_HEADER = { id: 'dlq.id', attempts: 'dlq.attempts', firstAt: 'dlq.first-at' } as const;

/** Of all headers of a dead letter together. */
const MAX_BYTES = 2_048;
/** Of the headers that say where and why a record failed; a redrive leaves them out. */
export const ORIGIN_PREFIX = '__dlq.errors.';
const OWN_PREFIXES = [ORIGIN_PREFIX, 'dlq.'];
const ORIGINAL_TOPIC = 'x-original-topic';

/** What the headers of a dead letter show. */
export interface FailureSummary {
  readonly id: string;
  readonly code: string;
  readonly reason: string;
  readonly origin: DeadLetterOrigin;
  readonly attempts: number;
  readonly firstAt: string;
  readonly at: string;
  /** The consumer group that gave up; `undefined` for rows of a file. */
  readonly group: string | undefined;
  readonly traceparent: string;
}

/**
 * The headers of a dead letter: those of Kafka's own dead-letter queues (KIP-1191), the one by which Kafka UIs find the
 * original topic, and `dlq.*`, by which tools filter without parsing the value.
 */
export function deadLetterHeaders(failure: FailureSummary): RecordHeaders {
  const { origin, group, attempts, code } = failure;
  const ofRecord = isRecordOrigin(origin)
    ? {
        [`${ORIGIN_PREFIX}topic`]: origin.topic,
        [`${ORIGIN_PREFIX}partition`]: String(origin.partition),
        [`${ORIGIN_PREFIX}offset`]: origin.offset,
        ...(group !== undefined && { [`${ORIGIN_PREFIX}group`]: group }),
        [ORIGINAL_TOPIC]: origin.topic,
      }
    : {};
  const headers = {
    ...ofRecord,
    [`${ORIGIN_PREFIX}delivery.count`]: String(attempts),
    [DLQ_HEADER.id]: failure.id,
    'dlq.code': code,
    [DLQ_HEADER.attempts]: String(attempts),
    [DLQ_HEADER.firstAt]: failure.firstAt,
    'dlq.last-at': failure.at,
    [TRACE_HEADER]: failure.traceparent,
  };
  const message = `${ORIGIN_PREFIX}message`;
  const others = Object.entries(headers).reduce((sum, [name, text]) => sum + name.length + Buffer.byteLength(text), 0);
  const reason = cutText(`${code}: ${failure.reason}`, MAX_BYTES - others - message.length);
  return Object.entries({ ...headers, [message]: reason }).map(([name, text]) => [name, Buffer.from(text)]);
}

/** The headers that are not a dead letter's own, in their order. */
export function withoutDeadLetterHeaders(headers: RecordHeaders): RecordHeaders {
  return headers.filter(([name]) => name !== ORIGINAL_TOPIC && !OWN_PREFIXES.some((prefix) => name.startsWith(prefix)));
}

/** What the headers of a redriven record tell; `undefined` for a record that was not redriven. */
export function earlierFailuresOf(headers: RecordHeaders | undefined): EarlierFailures | undefined {
  const id = headerText(headers, DLQ_HEADER.id);
  const origin = id === undefined ? undefined : originOfDlqId(id);
  if (id === undefined || origin === undefined) return undefined;
  const attempts = Number(headerText(headers, DLQ_HEADER.attempts));
  const firstAt = headerText(headers, DLQ_HEADER.firstAt) ?? '';
  return {
    id,
    first: { origin, at: Number.isNaN(Date.parse(firstAt)) ? null : firstAt },
    attempts: Number.isSafeInteger(attempts) && attempts > 0 ? attempts : 1,
  };
}

/** Whether a redrive has published the record, or a tool has copied it back. */
export function wasDeadLetter({ headers, returned }: Pick<KafkaRecord, 'headers' | 'returned'>): boolean {
  return returned !== undefined || headerText(headers, DLQ_HEADER.id) !== undefined;
}

/** What a redrive adds to the original headers. */
export function headersOfRedriven({ id, first, attempts }: EarlierFailures): RecordHeaders {
  return [
    [DLQ_HEADER.id, Buffer.from(id)],
    [DLQ_HEADER.attempts, Buffer.from(String(attempts))],
    ...(first.at === null ? [] : [[DLQ_HEADER.firstAt, Buffer.from(first.at)] as const]),
  ];
}

/** Cuts between two characters. */
function cutText(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return text;
  let end = Math.max(0, maxBytes);
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end).toString();
}
