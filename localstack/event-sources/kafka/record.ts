import type { KafkaMessage } from 'kafkajs';
import type { PolledRecord } from '../model/polled-record.ts';
import { headersInOrder, type RawHeader } from './kafkajs-internals.ts';

/** `null` shows absent keys and values as null; AWS leaves the property out, as far as is known. */
export type NullFields = 'omit' | 'null';

/** kafkajs decodes the batch's timestamp type and does not declare it: 1 is the broker's clock. */
type MessageWithContext = KafkaMessage & { readonly batchContext?: { readonly timestampType?: number } };

/**
 * Records of one partition as Lambda's event shows them: key and value in base64, absent ones left out, empty ones as "",
 * headers as single-key objects of signed bytes in their order.
 */
export class RecordSerialiser {
  readonly partition: number;
  readonly #nullFields: NullFields;
  readonly #head: string;
  #middleOf: { readonly timestamp: string; readonly type: string } | undefined;
  #middle = '';

  /** Names of topics are ASCII and need no escaping. */
  constructor(topic: string, partition: number, nullFields: NullFields) {
    this.partition = partition;
    this.#nullFields = nullFields;
    this.#head = `{"topic":"${topic}","partition":${partition},"offset":`;
  }

  read(message: KafkaMessage, arrivedAtMs: number): PolledRecord {
    return new SerialisedRecord(this, message, arrivedAtMs);
  }

  /** Length of the JSON in UTF-8, known without making it. */
  bytesOf(message: KafkaMessage, headers: string): number {
    return (
      this.#head.length +
      message.offset.length +
      this.#timestampPart(message).length +
      this.#fieldLength(message.key, KEY.length) +
      this.#fieldLength(message.value, VALUE.length) +
      // Only names of headers may be other than ASCII.
      (headers === NO_HEADERS ? headers.length : Buffer.byteLength(headers))
    );
  }

  serialise(message: KafkaMessage, headers: string): string {
    return (
      this.#head +
      message.offset +
      this.#timestampPart(message) +
      this.#field(message.key, KEY) +
      this.#field(message.value, VALUE) +
      headers
    );
  }

  /** Neighbours mostly share their millisecond, so it is put together once for them. */
  #timestampPart(message: MessageWithContext): string {
    const type = message.batchContext?.timestampType === 1 ? 'LOG_APPEND_TIME' : 'CREATE_TIME';
    const { timestamp } = message;
    if (this.#middleOf?.timestamp !== timestamp || this.#middleOf.type !== type) {
      this.#middleOf = { timestamp, type };
      this.#middle = `,"timestamp":${timestamp},"timestampType":"${type}"`;
    }
    return this.#middle;
  }

  #field(bytes: Buffer | null, name: string): string {
    if (bytes !== null) return `${name}"${bytes.toString('base64')}"`;
    return this.#nullFields === 'null' ? `${name}null` : '';
  }

  #fieldLength(bytes: Buffer | null, nameLength: number): number {
    if (bytes !== null) return nameLength + 2 + 4 * Math.ceil(bytes.length / 3);
    return this.#nullFields === 'null' ? nameLength + 4 : 0;
  }
}

const KEY = ',"key":';
const VALUE = ',"value":';
const NO_HEADERS = ',"headers":[]}';

/** Becomes JSON when its batch is sent, anew for each attempt: what only waits stays small, and JSON dies young. */
class SerialisedRecord implements PolledRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly arrivedAtMs: number;
  readonly bytes: number;
  readonly #serialiser: RecordSerialiser;
  readonly #headers: string;
  readonly #message: KafkaMessage;

  constructor(serialiser: RecordSerialiser, message: KafkaMessage, arrivedAtMs: number) {
    this.offset = Number(message.offset);
    this.timestamp = Number(message.timestamp);
    this.arrivedAtMs = arrivedAtMs;
    this.#serialiser = serialiser;
    this.#headers = headersJson(headersInOrder(message.headers));
    this.#message = message;
    this.bytes = serialiser.bytesOf(message, this.#headers);
  }

  get partition(): number {
    return this.#serialiser.partition;
  }

  get json(): string {
    return this.#serialiser.serialise(this.#message, this.#headers);
  }
}

function headersJson(headers: readonly RawHeader[]): string {
  if (headers.length === 0) return NO_HEADERS;
  const objects = headers.map(({ key, value }) => `{${JSON.stringify(key)}:${signedBytes(value)}}`);
  return `,"headers":[${objects.join(',')}]}`;
}

/** Lambda's poller is Java: a byte above 127 arrives as a negative number. A header without a value is an empty one. */
function signedBytes(value: Buffer | null): string {
  if (value === null) return '[]';
  return `[${new Int8Array(value.buffer, value.byteOffset, value.length).join(',')}]`;
}
