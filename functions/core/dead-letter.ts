import type { KafkaRecord } from './kafka-record.ts';

/** Where a dead letter's payload came from, precise enough to fetch the whole payload again. */
export type DeadLetterOrigin =
  | { readonly topic: string; readonly partition: number; readonly offset: string }
  | {
      readonly bucket: string;
      readonly key: string;
      readonly version: string;
      /** Line of the file at which the row begins, from 1. Absent when no line of a rejected file is at fault. */
      readonly line?: number;
      /** Number of the row, from 1; the header and blank lines are not counted. */
      readonly row?: number;
      /** Offset of the row's first byte, and the offset after its last. */
      readonly byteRange?: readonly [start: number, end: number];
    };

/** A record, row or file that failed permanently. */
export interface DeadLetter {
  /** Stable code of the reason, `PIPE_<WHAT>`, or the name of the rule that is violated. */
  readonly code: string;
  /** What was expected and what was found, in one sentence. */
  readonly reason: string;
  readonly origin: DeadLetterOrigin;
  /** The Kafka key of the record, if any. */
  readonly key?: Uint8Array | null;
  /** The unchanged bytes; `null` for a record without a value and for a rejected file. */
  readonly payload: Uint8Array | null;
}

/**
 * A longer payload is cut and a longer key is left out, so that a dead letter always fits into a Kafka record of 1 MiB.
 */
export const MAX_DEAD_LETTER_PAYLOAD_BYTES = 256 * 1024;

/** Builds the dead letter of a Kafka record that failed permanently. */
export function deadLetterOfRecord(record: KafkaRecord, code: string, reason: string): DeadLetter {
  const { topic, partition, offset, key, value } = record;
  return { code, reason, origin: { topic, partition, offset }, key, payload: value };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * Encodes a dead letter as the JSON value of a Kafka record:
 * `{schema: 1, code, reason, origin, payload, payloadEncoding: "utf8" | "base64", payloadBytes, cut}`.
 *
 * The payload is text when it is UTF-8 and the JSON text is at most twice its size, otherwise base64. `payloadBytes` is
 * its length before the cut; the origin locates what was cut.
 */
export function encodeDeadLetter(deadLetter: DeadLetter): string {
  const { payload } = deadLetter;
  const cut = payload !== null && payload.length > MAX_DEAD_LETTER_PAYLOAD_BYTES;
  return JSON.stringify({
    schema: 1,
    code: deadLetter.code,
    reason: deadLetter.reason,
    origin: deadLetter.origin,
    ...encodePayload(cut ? cutBetweenCharacters(payload) : payload),
    payloadBytes: payload?.length ?? null,
    cut,
  });
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
