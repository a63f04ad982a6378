import kafkajs, { type Consumer, type EachBatchPayload } from 'kafkajs';
import type { Logger } from '../../logger.ts';
import type { MappingMetrics } from '../../metrics/mapping-metrics.ts';
import type { KafkaMapping } from '../../model/kafka-mapping.ts';
import { withResolvers } from '../../node-20.ts';
import type { Standstills } from '../../standstill/standstills.ts';
import { partitionAssigners } from '../assignors/partition-assigners.ts';
import { registerCodecs } from './codecs.ts';
import { type ConsumerOptions, clientConfig, consumerConfig } from './consumer-config.ts';
import { fetchedOffsetOf, type GroupHooks, patchKafkajs, withGroupHooks } from './patched-kafkajs.ts';
import { PollingErrorLog } from './polling-errors.ts';

const { Kafka, logLevel } = kafkajs;

/** What the consumer calls with its progress. */
export interface ConsumerHandler extends Pick<GroupHooks, 'beforeJoin' | 'afterJoin' | 'beforeFetch'> {
  /** `fetchedOffset` is the offset that the fetch asked for. The next fetch waits until this returns or resolves. */
  recordsFetched(batch: EachBatchPayload['batch'], fetchedOffset: number): Promise<void> | undefined;
  /** Called instead of `recordsFetched` when a fetch brought only control records and records of aborted transactions. */
  recordsSkipped(partition: number, fetchedOffset: number, nextOffset: number): void;
}

/** How the handler controls the consumer. */
export interface FetchControl {
  /** Stops fetching a partition. */
  pause(partition: number): void;
  resume(partition: number): void;
  /** Leaves the group and joins it again: what is not committed is fetched again. */
  restart(reason: unknown): void;
}

export interface GroupConsumerDependencies {
  readonly mapping: KafkaMapping;
  readonly options: ConsumerOptions;
  readonly metrics: MappingMetrics;
  readonly log: Logger;
  readonly standstills: Standstills;
}

const RESTART_DELAY_MS = 500;
const CONCURRENT_PARTITIONS = 8;

/** A kafkajs consumer that is restarted after every failure until `stop`, so a broker that comes back is found. */
export class GroupConsumer implements FetchControl {
  readonly #dependencies: GroupConsumerDependencies;
  readonly #errors: PollingErrorLog;
  #consumer: Consumer | undefined;
  #stopped = false;
  #wake: (() => void) | undefined;
  #crash: ((reason: unknown) => void) | undefined;
  #loop: Promise<void> | undefined;

  constructor(dependencies: GroupConsumerDependencies) {
    this.#dependencies = dependencies;
    this.#errors = new PollingErrorLog(dependencies.mapping, dependencies.log, dependencies.standstills);
    patchKafkajs();
    registerCodecs();
  }

  /** Returns at once; the group is joined in the background. */
  start(handler: ConsumerHandler): void {
    this.#loop = this.#keepRunning(handler);
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    await this.#loop;
  }

  restart(reason: unknown): void {
    this.#crash?.(reason);
  }

  pause(partition: number): void {
    this.#consumer?.pause([{ topic: this.#dependencies.mapping.topic, partitions: [partition] }]);
  }

  resume(partition: number): void {
    this.#consumer?.resume([{ topic: this.#dependencies.mapping.topic, partitions: [partition] }]);
  }

  async #keepRunning(handler: ConsumerHandler): Promise<void> {
    while (!this.#stopped) {
      try {
        await this.#runOnce(handler);
      } catch (error) {
        this.#dependencies.metrics.PollingErrorCount += 1;
        this.#errors.report(error);
        await this.#sleep(RESTART_DELAY_MS);
      }
    }
  }

  /** Runs one consumer. Rejects when it crashes, resolves after `stop`. */
  async #runOnce(handler: ConsumerHandler): Promise<void> {
    const { topic } = this.#dependencies.mapping;
    const consumer = this.#createConsumer(handler);
    const end = withResolvers<void>();
    this.#wake = end.resolve;
    this.#crash = end.reject;
    // Avoid an unhandled rejection when it crashes before the await below.
    end.promise.catch(() => {});
    consumer.on(consumer.events.CRASH, ({ payload }) => end.reject(payload.error));
    this.#consumer = consumer;
    try {
      await consumer.connect();
      // Applies only where the broker no longer has the committed offset; the oldest record then loses the least. The
      // starting position is committed before the first fetch.
      await consumer.subscribe({ topics: [topic], fromBeginning: true });
      await consumer.run({
        autoCommit: false,
        partitionsConsumedConcurrently: CONCURRENT_PARTITIONS,
        eachBatch: async (payload) => handler.recordsFetched(payload.batch, fetchedOffsetOf(payload)),
      });
      if (!this.#stopped) await end.promise;
    } finally {
      this.#consumer = undefined;
      await consumer.disconnect().catch(() => {});
    }
  }

  #createConsumer(handler: ConsumerHandler): Consumer {
    const { mapping, options } = this.#dependencies;
    const fetchedOffsets = new Map<number, number>();
    const hooks: GroupHooks = {
      beforeJoin: (group) => handler.beforeJoin(group),
      afterJoin: async (group) => {
        await handler.afterJoin(group);
        this.#errors.clear();
      },
      beforeFetch: () => handler.beforeFetch(),
      afterFetch: (batches) => {
        for (const { partition, fetchedOffset } of batches) fetchedOffsets.set(partition, Number(fetchedOffset));
      },
    };
    const kafka = new Kafka({ logLevel: logLevel.NOTHING, ...clientConfig(mapping, options.client) });
    const [first, ...others] = partitionAssigners();
    const consumer = kafka.consumer({
      ...consumerConfig(mapping, options),
      partitionAssigners: [withGroupHooks(first, hooks), ...others],
    });
    consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload: { partition, batchSize, lastOffset } }) => {
      if (batchSize > 0) return;
      handler.recordsSkipped(partition, fetchedOffsets.get(partition) ?? -1, Number(lastOffset) + 1);
    });
    return consumer;
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
