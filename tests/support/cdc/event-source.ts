import { setTimeout as sleep } from 'node:timers/promises';
import { type Consumer, Kafka, logLevel } from 'kafkajs';
import type { KafkaRecord } from '../../../functions/core/kafka-record.ts';
import { uniqueName } from '../servers.ts';

const RETRY_AFTER_MS = 50;

/** Brings one batch of one partition; the event source waits for it and brings it again when it fails. */
export type BatchHandler = (records: readonly KafkaRecord[], partition: number) => Promise<void>;

/**
 * What matters here of a Kafka event source: one batch in flight per partition, in order, again until it succeeds, and
 * offsets committed only then.
 */
export class TestEventSource {
  readonly #consumer: Consumer;
  readonly #topic: string;
  readonly #partitions: number;
  readonly #handle: BatchHandler;
  #stopped = false;

  constructor(brokers: readonly string[], topic: string, partitions: number, handle: BatchHandler) {
    const kafka = new Kafka({ clientId: 'test-event-source', brokers: [...brokers], logLevel: logLevel.NOTHING });
    this.#consumer = kafka.consumer({
      groupId: uniqueName('event-source'),
      maxWaitTimeInMs: 100,
      sessionTimeout: 60_000,
      heartbeatInterval: 3_000,
      retry: { initialRetryTime: 100, maxRetryTime: 500, retries: 1_000 },
    });
    this.#topic = topic;
    this.#partitions = partitions;
    this.#handle = handle;
  }

  async start(): Promise<void> {
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topic: this.#topic, fromBeginning: true });
    await this.#consumer.run({
      partitionsConsumedConcurrently: this.#partitions,
      eachBatchAutoResolve: false,
      eachBatch: async ({ batch, resolveOffset, heartbeat }) => {
        const records = batch.messages.map(
          ({ key, value, offset, timestamp }): KafkaRecord => ({
            topic: batch.topic,
            partition: batch.partition,
            offset,
            timestampMs: Number(timestamp),
            key,
            value,
          }),
        );
        for (let from = 0; from < records.length; from += 5_000) {
          const part = records.slice(from, from + 5_000);
          if (!(await this.#untilDone(part, batch.partition))) return;
          resolveOffset(part.at(-1)?.offset ?? '0');
          await heartbeat().catch(() => {});
        }
      },
    });
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#consumer.disconnect();
  }

  async #untilDone(records: readonly KafkaRecord[], partition: number): Promise<boolean> {
    while (!this.#stopped) {
      try {
        await this.#handle(records, partition);
        return true;
      } catch {
        // As every event source rests before it brings a batch again.
        await sleep(RETRY_AFTER_MS);
      }
    }
    return false;
  }
}
