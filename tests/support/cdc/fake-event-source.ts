import { setTimeout as sleep } from 'node:timers/promises';
import { type Consumer, type IHeaders, Kafka, logLevel } from 'kafkajs';
import type { KafkaRecord } from '../../../functions/core/kafka-record.ts';
import type { RecordHeaders } from '../../../functions/core/record-headers.ts';
import { uniqueName } from '../servers.ts';

/** As every event source pauses before it retries a batch. */
const RETRY_DELAY_MS = 50;
const MAX_BATCH_RECORDS = 5_000;

/** Handles one batch of one partition. A rejection means that the batch has to be retried. */
export type BatchHandler = (records: readonly KafkaRecord[], partition: number) => Promise<void>;

/**
 * The properties of a Kafka event source on which the applier relies: at most one batch in flight per partition, in
 * order, retried until it succeeds, and offsets committed only after that.
 */
export class FakeEventSource {
  readonly #consumer: Consumer;
  readonly #topic: string;
  readonly #partitionCount: number;
  readonly #handle: BatchHandler;
  #isStopped = false;

  constructor(
    brokers: readonly string[],
    topic: string,
    partitionCount: number,
    handle: BatchHandler,
    groupId = uniqueName('event-source'),
  ) {
    const kafka = new Kafka({ clientId: 'fake-event-source', brokers: [...brokers], logLevel: logLevel.NOTHING });
    this.#consumer = kafka.consumer({
      groupId,
      maxWaitTimeInMs: 100,
      sessionTimeout: 60_000,
      heartbeatInterval: 3_000,
      retry: { initialRetryTime: 100, maxRetryTime: 500, retries: 1_000 },
    });
    this.#topic = topic;
    this.#partitionCount = partitionCount;
    this.#handle = handle;
  }

  async start(): Promise<void> {
    await this.#consumer.connect();
    await this.#consumer.subscribe({ topic: this.#topic, fromBeginning: true });
    await this.#consumer.run({
      partitionsConsumedConcurrently: this.#partitionCount,
      eachBatchAutoResolve: false,
      eachBatch: async ({ batch, resolveOffset, heartbeat }) => {
        const records = batch.messages.map(
          ({ key, value, offset, timestamp, headers }): KafkaRecord => ({
            topic: batch.topic,
            partition: batch.partition,
            offset,
            timestampMs: Number(timestamp),
            key,
            value,
            ...(headers && Object.keys(headers).length > 0 && { headers: toRecordHeaders(headers) }),
          }),
        );
        for (let from = 0; from < records.length; from += MAX_BATCH_RECORDS) {
          const part = records.slice(from, from + MAX_BATCH_RECORDS);
          if (!(await this.#handleUntilDone(part, batch.partition))) return;
          resolveOffset(part.at(-1)?.offset ?? '0');
          await heartbeat().catch(() => {});
        }
      },
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#consumer.disconnect();
  }

  /** @returns `false` when the event source is stopped before the batch succeeds. */
  async #handleUntilDone(records: readonly KafkaRecord[], partition: number): Promise<boolean> {
    while (!this.#isStopped) {
      try {
        await this.#handle(records, partition);
        return true;
      } catch {
        await sleep(RETRY_DELAY_MS);
      }
    }
    return false;
  }
}

function toRecordHeaders(headers: IHeaders): RecordHeaders {
  return Object.entries(headers).flatMap(([name, values]) =>
    [values].flat().map((value) => [name, Buffer.from(value ?? '')] as const),
  );
}
