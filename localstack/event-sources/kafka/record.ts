import type { KafkaMessage } from 'kafkajs';
import { headersInOrder } from './kafkajs-internals.ts';

/** A polled record, already in the JSON that the function will get; its bytes are not kept a second time. */
export interface PolledRecord {
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** `performance.now()` of its arrival: what the batching window counts from. */
  readonly arrivedAtMs: number;
  /** One element of the event's array. */
  readonly json: string;
  /** Length of `json` in UTF-8. */
  readonly bytes: number;
}

/** `null` shows absent keys and values as null; AWS leaves the property out, as far as is known. */
export type NullFields = 'omit' | 'null';

/** kafkajs decodes the batch's timestamp type and does not declare it: 1 is the broker's clock. */
type MessageWithContext = KafkaMessage & { readonly batchContext?: { readonly timestampType?: number } };

/**
 * One record as Lambda's event shows it: key and value in base64, absent ones left out, empty ones as "", headers as
 * single-key objects of signed bytes in their order.
 */
export function serialiseRecord(
  topic: string,
  partition: number,
  message: KafkaMessage,
  arrivedAtMs: number,
  nullFields: NullFields,
): PolledRecord {
  const offset = Number(message.offset);
  const timestamp = Number(message.timestamp);
  const type = (message as MessageWithContext).batchContext?.timestampType === 1 ? 'LOG_APPEND_TIME' : 'CREATE_TIME';
  const headers = headersInOrder(message.headers);
  let json = `{"topic":"${topic}","partition":${partition},"offset":${offset},"timestamp":${timestamp},"timestampType":"${type}"`;
  json += field('key', message.key, nullFields) + field('value', message.value, nullFields);
  // Without headers every character is ASCII (topic names are), so the string's length is its length in UTF-8.
  if (headers.length === 0) {
    json += ',"headers":[]}';
    return { partition, offset, timestamp, arrivedAtMs, json, bytes: json.length };
  }
  json += `,"headers":[${headers.map(({ key, value }) => `{${JSON.stringify(key)}:${signedBytes(value)}}`).join(',')}]}`;
  return { partition, offset, timestamp, arrivedAtMs, json, bytes: Buffer.byteLength(json) };
}

function field(name: 'key' | 'value', bytes: Buffer | null, nullFields: NullFields): string {
  if (bytes !== null) return `,"${name}":"${bytes.toString('base64')}"`;
  return nullFields === 'null' ? `,"${name}":null` : '';
}

/** Lambda's poller is Java: a byte above 127 arrives as a negative number. A header without a value is an empty one. */
function signedBytes(value: Buffer | null): string {
  if (value === null) return '[]';
  return `[${new Int8Array(value.buffer, value.byteOffset, value.length).join(',')}]`;
}
