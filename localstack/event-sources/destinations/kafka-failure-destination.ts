import kafkajs, { type KafkaConfig, type Producer } from 'kafkajs';
import { KafkaEventSerializer } from '../kafka/event/kafka-event-serializer.ts';
import type { FailedBatch } from '../model/failed-batch.ts';
import type { KafkaMapping } from '../model/kafka-mapping.ts';
import type { PolledRecord } from '../model/polled-record.ts';
import type { ClosableDestination } from './closable-destination.ts';
import { recordFailureRecord } from './failure-record.ts';

const { Kafka, logLevel, Partitioners } = kafkajs;

/** Below a broker's default limit of 1 MB a request. A single message above it is sent alone, and the broker decides. */
const MAX_REQUEST_BYTES = 900_000;
/** What a message adds to a request besides its key and value. */
const MESSAGE_OVERHEAD_BYTES = 100;

interface FailureMessage {
  readonly key: Buffer | null;
  readonly value: string;
}

/** Sends one failure record for each failed record to a topic of the same cluster, with the record's key. */
export class KafkaFailureDestination implements ClosableDestination {
  readonly #mapping: KafkaMapping;
  readonly #topic: string;
  readonly #serializer: KafkaEventSerializer;
  readonly #client: Partial<KafkaConfig>;
  #producer: Promise<Producer> | undefined;

  constructor(mapping: KafkaMapping, topic: string, client: Partial<KafkaConfig>) {
    this.#mapping = mapping;
    this.#topic = topic;
    this.#serializer = new KafkaEventSerializer(mapping);
    this.#client = client;
  }

  async deliver(batch: FailedBatch): Promise<void> {
    const time = new Date();
    const producer = await this.#connected();
    const messages = batch.records.map((record) => ({
      key: keyOf(record),
      value: JSON.stringify(recordFailureRecord(this.#mapping, this.#serializer, batch, record, time)),
    }));
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

function keyOf(record: PolledRecord): Buffer | null {
  const { key } = JSON.parse(record.json) as { key?: string | null };
  return typeof key === 'string' ? Buffer.from(key, 'base64') : null;
}

/** The messages in order, split into requests. */
function chunksOf(messages: readonly FailureMessage[]): FailureMessage[][] {
  const chunks: FailureMessage[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const message of messages) {
    const own = Buffer.byteLength(message.value) + (message.key?.length ?? 0) + MESSAGE_OVERHEAD_BYTES;
    if (bytes + own > MAX_REQUEST_BYTES) {
      chunks.push([]);
      bytes = 0;
    }
    bytes += own;
    chunks.at(-1)?.push(message);
  }
  return chunks;
}
