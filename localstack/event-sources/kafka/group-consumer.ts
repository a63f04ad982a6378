import kafkajs, { type Consumer, type EachBatchPayload, type KafkaConfig } from 'kafkajs';
import { type Logger, reasonOf } from '../logger.ts';
import { registerCodecs } from './codecs.ts';
import { fetchedOffsetOf, type GroupHooks, prepareKafkajs, withGroupHooks } from './kafkajs-internals.ts';

const { Kafka, logLevel, PartitionAssigners } = kafkajs;

export interface GroupConsumerOptions extends Omit<GroupHooks, 'afterFetch'> {
  readonly client: KafkaConfig;
  readonly mappingId: string;
  readonly groupId: string;
  readonly topic: string;
  readonly readUncommitted: boolean;
  /** The broker waits this long for the member's batches in flight when the group rebalances. */
  readonly rebalanceTimeoutMs: number;
  readonly sessionTimeoutMs: number;
  readonly maxBytesPerPartition: number;
  readonly maxWaitMs: number;
  /** Takes in polled records; polling goes on when it returns. `fetchedOffset` is what the broker was asked for. */
  readonly onBatch: (payload: EachBatchPayload, fetchedOffset: number) => void;
  /** Told how far a partition was read when the broker gave nothing but control or aborted records. */
  readonly onSkipped: (partition: number, fetchedOffset: number, nextOffset: number) => void;
  readonly onPollingError: () => void;
  readonly log: Logger;
}

const RESTART_MS = 500;
/** So long new partitions stay unseen; longer delays their first records, shorter asks the broker more often. */
const METADATA_MAX_AGE_MS = 5_000;
const SHORTEST_NOTICE_GAP_MS = 30_000;
/** What a broker says of a group while it has only just started; it passes by itself. */
const SETTLING = /coordinator is (loading|not available)|not the correct coordinator/;
const LONGEST_SETTLING_MS = 10_000;

/** A kafkajs consumer that is started again, whatever stopped it, until `stop`: a broker that comes back is found. */
export class GroupConsumer {
  readonly #options: GroupConsumerOptions;
  #consumer: Consumer | undefined;
  #stopped = false;
  #wake: (() => void) | undefined;
  #crash: ((reason: unknown) => void) | undefined;
  #loop: Promise<void> | undefined;
  #lastNotice = { text: '', at: 0 };
  #settlingSince: number | undefined;

  constructor(options: GroupConsumerOptions) {
    this.#options = options;
    prepareKafkajs();
    registerCodecs();
  }

  /** Returns at once; joining goes on in the background. */
  start(): void {
    this.#loop = this.#keepRunning();
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    await this.#loop;
  }

  /** Leaves the group and joins it anew, so that everything not committed is polled again. */
  restart(reason: unknown): void {
    this.#crash?.(reason);
  }

  pause(partition: number): void {
    this.#consumer?.pause([{ topic: this.#options.topic, partitions: [partition] }]);
  }

  resume(partition: number): void {
    this.#consumer?.resume([{ topic: this.#options.topic, partitions: [partition] }]);
  }

  async #keepRunning(): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#runOnce();
      } catch (error) {
        this.#options.onPollingError();
        this.#notice(error);
        await this.#sleep(RESTART_MS);
      }
    }
  }

  /** Runs a consumer until it crashes (throws) or `stop` is called (returns). */
  async #runOnce(): Promise<void> {
    const { client, groupId, topic, beforeJoin, afterJoin, beforeFetch } = this.#options;
    const fetchedOffsets = new Map<number, number>();
    const hooks: GroupHooks = {
      beforeJoin,
      afterJoin,
      beforeFetch,
      afterFetch: (batches) => {
        for (const { partition, fetchedOffset } of batches) fetchedOffsets.set(partition, Number(fetchedOffset));
      },
    };
    const consumer = new Kafka({
      logLevel: logLevel.NOTHING,
      connectionTimeout: 3_000,
      ...client,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3 },
    }).consumer({
      groupId,
      partitionAssigners: [withGroupHooks(PartitionAssigners.roundRobin, hooks)],
      sessionTimeout: this.#options.sessionTimeoutMs,
      rebalanceTimeout: this.#options.rebalanceTimeoutMs,
      heartbeatInterval: Math.min(1_000, this.#options.sessionTimeoutMs / 3),
      maxBytesPerPartition: this.#options.maxBytesPerPartition,
      maxWaitTimeInMs: this.#options.maxWaitMs,
      minBytes: 1,
      allowAutoTopicCreation: false,
      metadataMaxAge: METADATA_MAX_AGE_MS,
      readUncommitted: this.#options.readUncommitted,
      retry: { initialRetryTime: 100, maxRetryTime: 1_000, retries: 3, restartOnFailure: async () => false },
    });
    const end = Promise.withResolvers<void>();
    this.#wake = end.resolve;
    this.#crash = end.reject;
    // A crash before the wait below must not count as unhandled.
    end.promise.catch(() => {});
    consumer.on(consumer.events.CRASH, ({ payload }) => end.reject(payload.error));
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
      const { partition, batchSize, lastOffset } = payload;
      if (batchSize > 0) return;
      this.#options.onSkipped(partition, fetchedOffsets.get(partition) ?? -1, Number(lastOffset) + 1);
    });
    this.#consumer = consumer;
    try {
      await consumer.connect();
      // Only where the broker no longer has the offset that is asked for: the oldest it has then loses the least. The
      // starting position itself is committed before the first fetch.
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        partitionsConsumedConcurrently: 8,
        eachBatch: async (payload) => this.#options.onBatch(payload, fetchedOffsetOf(payload)),
      });
      if (!this.#stopped) await end.promise;
    } finally {
      this.#consumer = undefined;
      await consumer.disconnect().catch(() => {});
    }
  }

  /** The same trouble is told once, and again every half minute while it lasts. */
  #notice(error: unknown): void {
    const { property, reason: text } = describe(error, this.#options.topic);
    if (SETTLING.test(text)) {
      this.#settlingSince ??= Date.now();
      if (Date.now() - this.#settlingSince < LONGEST_SETTLING_MS) return;
    } else {
      this.#settlingSince = undefined;
    }
    if (text === this.#lastNotice.text && Date.now() - this.#lastNotice.at < SHORTEST_NOTICE_GAP_MS) return;
    this.#lastNotice = { text, at: Date.now() };
    this.#options.log.warn('not polling; trying again until it works', {
      mapping: this.#options.mappingId,
      property,
      topic: this.#options.topic,
      brokers: this.#options.client.brokers,
      reason: text,
    });
  }

  async #sleep(ms: number): Promise<void> {
    if (this.#stopped) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}

/** The property to look at, what to change there and what AWS says. */
function describe(error: unknown, topic: string): { property: string; reason: string } {
  const type = (error as { type?: string } | null)?.type;
  const reason = reasonOf(error);
  if (type === 'UNKNOWN_TOPIC_OR_PARTITION' || /does not host this topic/.test(reason)) {
    const advice = 'create it, or correct Topics (AWS: PROBLEM, topic not found)';
    return { property: 'Topics', reason: `topic ${topic} does not exist on the cluster: ${advice}` };
  }
  if (/SASL|authentication/i.test(reason)) {
    const advice = 'correct custom.eventSources.kafka.sasl (AWS: SASL authentication failed)';
    return { property: 'SourceAccessConfigurations', reason: `the broker does not let us in: ${advice}: ${reason}` };
  }
  if (/authoriz/i.test(reason)) {
    const advice = 'allow reading the topic and the group (AWS: Cluster failed to authorize Lambda)';
    return { property: 'SourceAccessConfigurations', reason: `the broker refuses: ${advice}: ${reason}` };
  }
  if (
    /ECONNREFUSED|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|ECONNRESET|Connection (error|timeout|lost)|[Cc]losed connection/.test(
      reason,
    )
  ) {
    const advice = 'start it, or correct custom.eventSources.brokers (AWS: PROBLEM, connection error)';
    return { property: 'brokers', reason: `no broker answers: ${advice}: ${reason}` };
  }
  return { property: 'Topics', reason };
}
