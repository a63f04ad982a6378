import type { Kafka, Producer } from 'kafkajs';
import type { OutgoingRecord } from '../../core/kafka-record.ts';

/**
 * Publishes records with idempotence, so that a retry inside the client writes nothing twice.
 *
 * One instance serves all invocations of a function instance; it connects at the first use.
 */
export class RecordPublisher {
  readonly #producer: Producer;
  #connected: Promise<void> | undefined;

  constructor(kafka: Kafka) {
    this.#producer = kafka.producer({ idempotent: true, allowAutoTopicCreation: false });
  }

  /**
   * Resolves when all in-sync replicas have acknowledged all records. Records of one partition keep their order.
   *
   * @throws whatever the client throws when brokers are away for longer than its retries: nothing, some or all of the
   * records may have been written.
   */
  async publish(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    if (records.length === 0) return;
    await this.connect();
    await this.#producer.send({ topic, acks: -1, messages: [...records] as never });
  }

  /** Connects, if that has not happened yet; a failed attempt is forgotten, so that the next one tries again. */
  async connect(): Promise<void> {
    this.#connected ??= this.#producer.connect().catch((error) => {
      this.#connected = undefined;
      throw error;
    });
    await this.#connected;
  }

  async disconnect(): Promise<void> {
    this.#connected = undefined;
    await this.#producer.disconnect();
  }
}
