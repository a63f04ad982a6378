import type { MappingMetrics } from '../metrics/mapping-metrics.ts';
import type { KafkaMapping } from '../model/kafka-mapping.ts';
import type { PartitionQueue } from './partition-queue.ts';
import { Poller, type PollerOptions } from './poller.ts';

export interface PollerPoolOptions extends Pick<PollerOptions, 'writer' | 'deliver' | 'onTaken' | 'log'> {
  readonly mapping: KafkaMapping;
  readonly metrics: MappingMetrics;
}

/** A poller of Lambda runs at most this many invocations at a time. */
const INVOCATIONS_PER_POLLER = 5;

/** The pollers of one mapping with the partitions dealt out among them: one on demand, else as many as there may be. */
export class PollerPool {
  readonly #options: PollerPoolOptions;
  readonly #pollerOf = new Map<number, Poller>();
  #pollers: readonly Poller[] = [];

  constructor(options: PollerPoolOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#pollers.length;
  }

  assign(queues: readonly PartitionQueue[]): void {
    const { mapping, metrics, writer, deliver, onTaken, log } = this.#options;
    this.stop();
    const count = Math.max(1, Math.min(queues.length, mapping.pollers?.maximum ?? 1));
    metrics.ProvisionedPollers = mapping.pollers === undefined ? 0 : count;
    this.#pollers = Array.from(
      { length: count },
      () =>
        new Poller({
          mappingId: mapping.id,
          batchSize: mapping.batchSize,
          batchingWindowMs: mapping.batchingWindowMs,
          maximumInvocations: INVOCATIONS_PER_POLLER,
          writer,
          deliver,
          onTaken,
          log,
        }),
    );
    this.#pollerOf.clear();
    this.#pollers.forEach((poller, index) => {
      const own = queues.filter((_, position) => position % count === index);
      for (const { partition } of own) this.#pollerOf.set(partition, poller);
      poller.assign(own);
    });
  }

  recordsArrived({ partition }: PartitionQueue): void {
    this.#pollerOf.get(partition)?.recordsArrived();
  }

  /** No further batches; those in flight go on. */
  stop(): void {
    for (const poller of this.#pollers) poller.stop();
  }

  /** Resolves when no batch is in flight. */
  async idle(): Promise<void> {
    await Promise.all(this.#pollers.map((poller) => poller.idle()));
  }
}
