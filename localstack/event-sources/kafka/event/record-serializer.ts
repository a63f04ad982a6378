import type { KafkaMessage } from 'kafkajs';
import type { PolledRecord, SchemaFailure } from '../../model/polled-record.ts';
import { headersInOrder } from '../consumer/patched-kafkajs.ts';
import { headersJson, NO_HEADERS } from './headers-json.ts';

/** Whether an absent key or value is left out, as AWS probably does, or shown as null. */
export type NullFields = 'omit' | 'null';

/** kafkajs does not declare `batchContext`. */
type MessageWithContext = KafkaMessage & { readonly batchContext?: { readonly timestampType?: number } };

/** The broker set the timestamp when it appended the batch. */
const LOG_APPEND_TIME = 1;
const KEY = ',"key":';
const VALUE = ',"value":';

/** What a schema registry adds to a record. */
export interface SchemaInformation {
  /** Members of the record as JSON that begins with a comma, or an empty string. */
  readonly metadata: string;
  readonly failure?: SchemaFailure;
}

/**
 * Serializes records of one partition as Lambda's event has them: key and value in base64, absent ones left out, empty
 * ones as "", headers in order as single-key objects of signed bytes.
 */
export class RecordSerializer {
  readonly partition: number;
  readonly #nullFields: NullFields;
  readonly #head: string;
  #timestampKey: { readonly timestamp: string; readonly type: string } | undefined;
  #timestampJson = '';

  /** Topic names are ASCII and need no escaping. */
  constructor(topic: string, partition: number, nullFields: NullFields) {
    this.partition = partition;
    this.#nullFields = nullFields;
    this.#head = `{"topic":"${topic}","partition":${partition},"offset":`;
  }

  polledRecord(message: KafkaMessage, arrivedAtMs: number, schema?: SchemaInformation): PolledRecord {
    return new LazyRecord(this, message, arrivedAtMs, schema);
  }

  /** Length of the JSON in UTF-8, computed without building it. */
  bytesOf(message: KafkaMessage, headers: string): number {
    return (
      this.#head.length +
      message.offset.length +
      this.#timestampOf(message).length +
      this.#fieldLength(message.key, KEY.length) +
      this.#fieldLength(message.value, VALUE.length) +
      // Only header names can hold characters outside ASCII.
      (headers === NO_HEADERS ? headers.length : Buffer.byteLength(headers))
    );
  }

  serialize(message: KafkaMessage, headers: string): string {
    return (
      this.#head +
      message.offset +
      this.#timestampOf(message) +
      this.#field(message.key, KEY) +
      this.#field(message.value, VALUE) +
      headers
    );
  }

  /** Cached because consecutive records mostly share their timestamp. */
  #timestampOf(message: MessageWithContext): string {
    const type = message.batchContext?.timestampType === LOG_APPEND_TIME ? 'LOG_APPEND_TIME' : 'CREATE_TIME';
    const { timestamp } = message;
    if (this.#timestampKey?.timestamp !== timestamp || this.#timestampKey.type !== type) {
      this.#timestampKey = { timestamp, type };
      this.#timestampJson = `,"timestamp":${timestamp},"timestampType":"${type}"`;
    }
    return this.#timestampJson;
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

/** Builds its JSON on each access: waiting records stay small, and the JSON is garbage right after the invocation. */
class LazyRecord implements PolledRecord {
  readonly offset: number;
  readonly timestamp: number;
  readonly arrivedAtMs: number;
  readonly bytes: number;
  readonly failure?: SchemaFailure;
  readonly #serializer: RecordSerializer;
  readonly #headers: string;
  readonly #message: KafkaMessage;

  constructor(
    serializer: RecordSerializer,
    message: KafkaMessage,
    arrivedAtMs: number,
    schema: SchemaInformation | undefined,
  ) {
    this.offset = Number(message.offset);
    this.timestamp = Number(message.timestamp);
    this.arrivedAtMs = arrivedAtMs;
    this.#serializer = serializer;
    const headers = headersJson(headersInOrder(message.headers));
    this.#headers = schema === undefined ? headers : `${headers.slice(0, -1)}${schema.metadata}}`;
    if (schema?.failure !== undefined) this.failure = schema.failure;
    this.#message = message;
    this.bytes = serializer.bytesOf(message, this.#headers);
  }

  get partition(): number {
    return this.#serializer.partition;
  }

  get json(): string {
    return this.#serializer.serialize(this.#message, this.#headers);
  }
}
