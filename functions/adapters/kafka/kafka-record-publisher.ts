import type { Kafka } from 'kafkajs';
import type { OutgoingRecord } from '../../core/kafka-record.ts';
import type { RecordPublisher } from '../../ports/record-publisher.ts';
import { installFastProduce } from './fast-produce.ts';
import { createKafka, type KafkaSettings } from './kafka-client.ts';
import { ProducerSession } from './producer-session.ts';

interface RecordPublisherOptions {
  /**
   * How long Kafka may go without acknowledging anything while records wait. Smaller gives up a restart of a broker
   * that would have come back, larger eats into the time that an invocation has.
   */
  readonly stallTimeoutMs: number;
}

const DEFAULTS: RecordPublisherOptions = { stallTimeoutMs: 15_000 };

/**
 * Publishes records with idempotence, so that a retry inside the client writes nothing twice.
 *
 * One instance serves all invocations of a function instance; it connects at the first use. After a failure the next
 * call begins with a fresh producer.
 */
export class KafkaRecordPublisher implements RecordPublisher {
  readonly #kafka: Kafka;
  readonly #options: RecordPublisherOptions;
  #session: ProducerSession | undefined;

  constructor(settings: KafkaSettings, options: Partial<RecordPublisherOptions> = {}) {
    installFastProduce();
    this.#kafka = createKafka(settings);
    this.#options = { ...DEFAULTS, ...options };
  }

  /**
   * Resolves when all in-sync replicas have acknowledged all records. Records of one partition keep their order, also
   * over several calls under way at once; a caller with much to send keeps some calls of about a thousand records
   * each under way, and awaits all of them before it records any progress.
   *
   * @throws whatever made Kafka unreachable or refuse a record, at the latest when nothing has been acknowledged for
   * the stall timeout. All calls under way fail together. Each of their records may have been written or not, or may
   * still be by a broker that wakes up: publish them again.
   */
  async publish(topic: string, records: readonly OutgoingRecord[]): Promise<void> {
    if (records.length > 0) await this.#openSession().publish(topic, records);
  }

  /** Connects, if that has not happened yet, so that the first call need not. */
  async connect(): Promise<void> {
    await this.#openSession().connect();
  }

  /** Waits for the calls under way and disconnects. */
  async disconnect(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.close();
  }

  #openSession(): ProducerSession {
    if (this.#session !== undefined) return this.#session;
    const session = new ProducerSession(this.#kafka, this.#options.stallTimeoutMs, () => {
      if (this.#session === session) this.#session = undefined;
    });
    this.#session = session;
    return session;
  }
}
