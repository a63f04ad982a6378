import type { OutgoingRecord } from '../../core/kafka-record.ts';
import type { PartitionOffsets } from '../../core/offset-range.ts';
import type { RecordPublisher } from '../../ports/record-publisher.ts';
import { createProduceClient, type KafkaSettings } from './kafka-client.ts';
import { ProducerSession, type SessionTiming } from './producer-session.ts';

const DEFAULT_TIMING: SessionTiming = { stallTimeoutMs: 15_000, retryDelayMs: 100 };

/**
 * Publishes with an idempotent producer, so that its own retries write nothing twice. With much to send, keep a few
 * calls of about a thousand records each under way.
 *
 * A call fails at the latest when Kafka has acknowledged nothing for the stall timeout. The next call then begins with a
 * new producer. One instance serves all invocations of a function instance, and connects on first use.
 */
export class KafkaRecordPublisher implements RecordPublisher {
  readonly #settings: KafkaSettings;
  readonly #timing: SessionTiming;
  #session: ProducerSession | undefined;

  constructor(settings: KafkaSettings, timing: Partial<SessionTiming> = {}) {
    this.#settings = settings;
    this.#timing = { ...DEFAULT_TIMING, ...timing };
  }

  async publish(topic: string, records: readonly OutgoingRecord[]): Promise<readonly PartitionOffsets[]> {
    return records.length > 0 ? this.#openSession().publish(topic, records) : [];
  }

  /** Connects, so that the first call need not. */
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
    const session = new ProducerSession(
      () => createProduceClient(this.#settings),
      this.#timing,
      () => {
        if (this.#session === session) this.#session = undefined;
      },
    );
    this.#session = session;
    return session;
  }
}
