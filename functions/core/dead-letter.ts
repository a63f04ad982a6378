import type { KafkaRecord } from './kafka-record.ts';

/** Where a dead letter's payload came from, precise enough to fetch it whole again. */
export type DeadLetterOrigin =
  | { readonly topic: string; readonly partition: number; readonly offset: string }
  | {
      readonly bucket: string;
      readonly key: string;
      readonly version: string;
      /** Line in the file at which the row begins, from 1. Absent when the whole file is refused. */
      readonly line?: number;
      /** Row number as in the accounting, from 1, the header not counted. */
      readonly row?: number;
      /** First byte and the byte behind the last of the row. */
      readonly byteRange?: readonly [start: number, end: number];
    };

/** A record, row or file that can never succeed as it is. */
export interface DeadLetter {
  /** Stable code of the reason, `PIPE_<WHAT>`, or the name of the rule that it breaks. */
  readonly code: string;
  /** What was expected and what came, in one sentence. */
  readonly reason: string;
  readonly origin: DeadLetterOrigin;
  /** The Kafka key of the record, where there is one. */
  readonly key?: Uint8Array | null;
  /** The bytes as they came; `null` for a record without a value or a file refused as a whole. */
  readonly payload: Uint8Array | null;
}

/**
 * Above this many bytes a payload is cut, so that a dead letter always fits into a Kafka record of 1 MiB. A key above it
 * is left out.
 */
export const MAX_DEAD_LETTER_PAYLOAD_BYTES = 256 * 1024;

/** The dead letter of a Kafka record that can never succeed. */
export function deadLetterOfRecord(record: KafkaRecord, code: string, reason: string): DeadLetter {
  const { topic, partition, offset, key, value } = record;
  return { code, reason, origin: { topic, partition, offset }, key, payload: value };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/**
 * The JSON value of a record on a dead-letter topic:
 * `{schema: 1, code, reason, origin, payload, payloadEncoding: "utf8" | "base64", payloadBytes, cut}`.
 *
 * The payload is text where it is UTF-8, and base64 where it is not or would grow to more than twice its size. `payloadBytes` is its length before the cut;
 * what was cut is found again by the origin.
 */
export function encodeDeadLetter(letter: DeadLetter): string {
  const { payload } = letter;
  const cut = payload !== null && payload.length > MAX_DEAD_LETTER_PAYLOAD_BYTES;
  return JSON.stringify({
    schema: 1,
    code: letter.code,
    reason: letter.reason,
    origin: letter.origin,
    ...encodePayload(cut ? cutAtCharacter(payload) : payload),
    payloadBytes: payload?.length ?? null,
    cut,
  });
}

function encodePayload(payload: Uint8Array | null) {
  if (payload === null) return { payload: null, payloadEncoding: null };
  const text = decodeText(payload);
  // JSON writes a control character with six.
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

/** The Kafka key of a dead letter: that of the record, unless it is so long that the letter might not fit. */
export function deadLetterKey({ key }: DeadLetter): Buffer | null {
  return key && key.length <= MAX_DEAD_LETTER_PAYLOAD_BYTES ? Buffer.from(key) : null;
}

/** Cuts in front of a character, so that text stays text. */
function cutAtCharacter(payload: Uint8Array): Uint8Array {
  let end = MAX_DEAD_LETTER_PAYLOAD_BYTES;
  const isContinuation = (index: number) => ((payload[index] ?? 0) & 0xc0) === 0x80;
  while (end > MAX_DEAD_LETTER_PAYLOAD_BYTES - 4 && isContinuation(end)) end -= 1;
  return payload.subarray(0, end);
}
