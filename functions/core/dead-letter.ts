import { deadLetterHeaders, earlierFailuresOf, withoutDeadLetterHeaders } from './dead-letter-headers.ts';
import { type DeadLetterOrigin, dlqIdOf, type EarlierFailures } from './dead-letter-origin.ts';
import type { KafkaRecord, OutgoingRecord } from './kafka-record.ts';
import { headerText, type RecordHeaders, TRACE_HEADER } from './record-headers.ts';

/** A record, row or file that failed permanently. */
export interface DeadLetter {
  /** Stable code of the reason, `PIPE_<WHAT>`, or the name of the rule that is violated. */
  readonly code: string;
  /** The name of the rule that is violated, if one is. */
  readonly rule?: string;
  /** What was expected and what was found, in one sentence. */
  readonly reason: string;
  readonly origin: DeadLetterOrigin;
  /** The Kafka key of the record, if any. */
  readonly key?: Uint8Array | null;
  /** The unchanged bytes; `null` for a record without a value and for a rejected file. */
  readonly payload: Uint8Array | null;
  /** Those of the record. */
  readonly headers?: RecordHeaders;
  /** Set when it was a dead letter before. */
  readonly earlier?: EarlierFailures;
}

/** What the publisher of a dead letter adds to it. */
export interface DeadLetterStamp {
  /** When it failed, ISO 8601. */
  readonly at: string;
  /** The SHA-256 of the whole payload; `null` without a payload. */
  readonly sha256: string | null;
  /** For a record without one. */
  readonly traceparent: string;
  /** The consumer group that gave up; absent for rows of a file. */
  readonly group?: string;
}

/**
 * A longer payload is cut and a longer key is left out, so that a dead letter always fits into a Kafka record of 1 MiB.
 */
export const MAX_DEAD_LETTER_PAYLOAD_BYTES = 256 * 1024;

/** Of the original headers that the value keeps, and of the key that it repeats. */
const MAX_HEADER_BYTES = 16 * 1024;

/** Builds the dead letter of a Kafka record that failed permanently. */
export function deadLetterOfRecord(record: KafkaRecord, code: string, reason: string, rule?: string): DeadLetter {
  const { topic, partition, offset, key, value, headers } = record;
  const earlier = record.returned ?? earlierFailuresOf(headers);
  return {
    ...{ code, reason, origin: { topic, partition, offset }, key, payload: value },
    ...(rule !== undefined && { rule }),
    ...(headers !== undefined && { headers }),
    ...(earlier !== undefined && { earlier }),
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Encodes a dead letter as a Kafka record with the key of its record, and the JSON value
 * `{schema: 1, code, rule, reason, origin, first: {origin, at}, at, attempts, headers, key, payload, payloadEncoding:
 * "utf8" | "base64", payloadBytes, cut, sha256}`.
 *
 * The payload is text when it is UTF-8 and the JSON text is at most twice its size, otherwise base64. `payloadBytes` is
 * its length before the cut; the origin locates what was cut. `headers` are the original ones as `[[name, base64], …]`;
 * `headersCut` is true when some were too long. `key` is base64 or null, and absent when it is too long.
 */
export function encodeDeadLetter(deadLetter: DeadLetter, { at, sha256, ...stamp }: DeadLetterStamp): OutgoingRecord {
  const { code, reason, origin, payload, key = null, earlier } = deadLetter;
  const cut = payload !== null && payload.length > MAX_DEAD_LETTER_PAYLOAD_BYTES;
  const first = { origin: earlier?.first.origin ?? origin, at: earlier?.first.at ?? at };
  const attempts = (earlier?.attempts ?? 0) + 1;
  const value = JSON.stringify({
    schema: 1,
    ...{ code, rule: deadLetter.rule ?? null, reason, origin, first, at, attempts },
    ...encodeHeaders(withoutDeadLetterHeaders(deadLetter.headers ?? [])),
    ...((key?.length ?? 0) <= MAX_HEADER_BYTES && { key: key && Buffer.from(key).toString('base64') }),
    ...encodePayload(cut ? cutBetweenCharacters(payload) : payload),
    payloadBytes: payload?.length ?? null,
    cut,
    sha256,
  });
  const summary = { code, reason, origin, attempts, id: earlier?.id ?? dlqIdOf(origin), firstAt: first.at, at };
  const traceparent = headerText(deadLetter.headers, TRACE_HEADER) ?? stamp.traceparent;
  return {
    key: deadLetterKey(deadLetter),
    value,
    headers: deadLetterHeaders({ ...summary, group: stamp.group, traceparent }),
  };
}

/** Keeps the first headers that fit. */
function encodeHeaders(headers: RecordHeaders) {
  let bytes = 0;
  const kept = headers.filter(([name, value]) => {
    bytes += Buffer.byteLength(name) + value.length;
    return bytes <= MAX_HEADER_BYTES;
  });
  const encoded = kept.map(([name, value]) => [name, value.toString('base64')]);
  return { headers: encoded, ...(kept.length < headers.length && { headersCut: true }) };
}

function encodePayload(payload: Uint8Array | null) {
  if (payload === null) return { payload: null, payloadEncoding: null };
  const text = decodeText(payload);
  // JSON writes a control character as six characters.
  if (text !== undefined && Buffer.byteLength(JSON.stringify(text)) <= 2 * payload.length + 2) {
    return { payload: text, payloadEncoding: 'utf8' };
  }
  return { payload: Buffer.from(payload).toString('base64'), payloadEncoding: 'base64' };
}

function decodeText(bytes: Uint8Array): string | undefined {
  try {
    return utf8.decode(bytes);
  } catch {
    return undefined;
  }
}

/** The Kafka key of a dead letter: the key of its record, or none when that is too long. */
export function deadLetterKey({ key }: DeadLetter): Buffer | null {
  return key && key.length <= MAX_DEAD_LETTER_PAYLOAD_BYTES ? Buffer.from(key) : null;
}

/** Cuts before the first byte of a character, so that UTF-8 stays UTF-8. */
function cutBetweenCharacters(payload: Uint8Array): Uint8Array {
  let end = MAX_DEAD_LETTER_PAYLOAD_BYTES;
  const isContinuation = (index: number) => ((payload[index] ?? 0) & 0xc0) === 0x80;
  while (end > MAX_DEAD_LETTER_PAYLOAD_BYTES - 4 && isContinuation(end)) end -= 1;
  return payload.subarray(0, end);
}
