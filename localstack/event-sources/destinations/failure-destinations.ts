import kafkajs, { type KafkaConfig, type Producer } from 'kafkajs';
import type { KafkaEventWriter } from '../kafka/kafka-event.ts';
import type { FailedBatch, FailureDestination } from '../model/failed-batch.ts';
import type { KafkaMapping } from '../model/kafka-mapping.ts';
import { batchFailureRecord, recordFailureRecord } from './kafka-failure-record.ts';
import { failureObjectKey, type Sender } from './sender.ts';

const { Kafka, logLevel, Partitioners } = kafkajs;

/** A destination that may hold connections. */
export interface ClosableDestination extends FailureDestination {
  close(): Promise<void>;
}

/** Tells SQS, SNS or S3 of a failed batch. */
export class AwsFailureDestination implements ClosableDestination {
  readonly #mapping: KafkaMapping;
  readonly #arn: string;
  readonly #writer: KafkaEventWriter;
  readonly #sender: Sender;

  constructor(mapping: KafkaMapping, arn: string, writer: KafkaEventWriter, sender: Sender) {
    this.#mapping = mapping;
    this.#arn = arn;
    this.#writer = writer;
    this.#sender = sender;
  }

  async deliver(batch: FailedBatch): Promise<void> {
    const time = new Date();
    const document = batchFailureRecord(this.#mapping, this.#writer, batch, /^arn:[^:]*:s3:/.test(this.#arn), time);
    const place = `${this.#mapping.uuid}/${this.#mapping.topic}-${batch.records[0]?.partition}`;
    await this.#sender.send(this.#arn, JSON.stringify(document), failureObjectKey(place, time));
  }

  async close(): Promise<void> {}
}

/** The broker takes a megabyte at once by default; a single message that is larger is for it to judge. */
const MAX_BYTES_PER_SEND = 900_000;
/** What a message costs beside its key and value. */
const MESSAGE_OVERHEAD_BYTES = 100;

interface FailureMessage {
  readonly key: Buffer | null;
  readonly value: string;
}

/** In their order, as many together as the broker takes at once. */
function chunksOf(messages: readonly FailureMessage[]): FailureMessage[][] {
  const chunks: FailureMessage[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    const own = Buffer.byteLength(message.value) + (message.key?.length ?? 0) + MESSAGE_OVERHEAD_BYTES;
    if (bytes + own > MAX_BYTES_PER_SEND) {
      chunks.push([]);
      bytes = 0;
    }
    bytes += own;
    chunks.at(-1)?.push(message);
  }
  return chunks;
}

/** Puts each failed record on a topic of the same cluster, under its own key. */
export class TopicFailureDestination implements ClosableDestination {
  readonly #mapping: KafkaMapping;
  readonly #topic: string;
  readonly #writer: KafkaEventWriter;
  readonly #client: Partial<KafkaConfig>;
  #producer: Promise<Producer> | undefined;

  constructor(mapping: KafkaMapping, topic: string, writer: KafkaEventWriter, client: Partial<KafkaConfig>) {
    this.#mapping = mapping;
    this.#topic = topic;
    this.#writer = writer;
    this.#client = client;
  }

  async deliver(batch: FailedBatch): Promise<void> {
    const time = new Date();
    const producer = await this.#connected();
    const messages = batch.records.map((record) => {
      const { key } = JSON.parse(record.json) as { key?: string | null };
      return {
        key: typeof key === 'string' ? Buffer.from(key, 'base64') : null,
        value: JSON.stringify(recordFailureRecord(this.#mapping, this.#writer, batch, record, time)),
      };
    });
    for (const chunk of chunksOf(messages)) await producer.send({ topic: this.#topic, acks: -1, messages: chunk });
  }

  async close(): Promise<void> {
    const producer = this.#producer;
    this.#producer = undefined;
    await (await producer)?.disconnect();
  }

  #connected(): Promise<Producer> {
    this.#producer ??= this.#connect().catch((error) => {
      this.#producer = undefined;
      throw error;
    });
    return this.#producer;
  }

  async #connect(): Promise<Producer> {
    const producer = new Kafka({
      logLevel: logLevel.NOTHING,
      clientId: `event-source-${this.#mapping.uuid}`,
      ...this.#client,
      brokers: [...this.#mapping.brokers],
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 5 },
    }).producer({ allowAutoTopicCreation: false, createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    return producer;
  }
}

/** The destination that the mapping names, if any. */
export function failureDestinationOf(
  mapping: KafkaMapping,
  writer: KafkaEventWriter,
  sender: Sender,
  client: Partial<KafkaConfig>,
): ClosableDestination | undefined {
  const destination = mapping.onFailureDestination;
  if (destination === undefined) return undefined;
  const topic = /^kafka:\/\/(.+)$/.exec(destination)?.[1];
  if (topic !== undefined) return new TopicFailureDestination(mapping, topic, writer, client);
  return new AwsFailureDestination(mapping, destination, writer, sender);
}
