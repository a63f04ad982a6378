import type { KafkaMapping } from '../../model/kafka-mapping.ts';
import { type BatchReceiver, EventPoller, type EventPollerDependencies } from './event-poller.ts';
import type { PartitionQueue } from './partition-queue.ts';

/** The event pollers of a mapping. The partitions are distributed among them round robin. */
export class EventPollers {
  readonly #pollers: readonly EventPoller[];
  readonly #byPartition = new Map<number, EventPoller>();

  constructor(dependencies: EventPollerDependencies, queues: readonly PartitionQueue[], receiver: BatchReceiver) {
    const count = pollerCount(dependencies.mapping, queues.length);
    this.#pollers = Array.from({ length: count }, (_, index) => {
      const own = queues.filter((_queue, position) => position % count === index);
      const poller = new EventPoller(dependencies, own, receiver);
      for (const { partition } of own) this.#byPartition.set(partition, poller);
      return poller;
    });
  }

  get count(): number {
    return this.#pollers.length;
  }

  recordsArrived({ partition }: PartitionQueue): void {
    this.#byPartition.get(partition)?.recordsArrived();
  }

  /** Forms no more batches; those in flight continue. */
  stop(): void {
    for (const poller of this.#pollers) poller.stop();
  }

  /** Resolves when no batch is in flight. */
  async idle(): Promise<void> {
    await Promise.all(this.#pollers.map((poller) => poller.idle()));
  }
}

/** One poller on demand; in provisioned mode the maximum, but not more than one for each partition. */
function pollerCount({ pollers }: KafkaMapping, partitionCount: number): number {
  return Math.max(1, Math.min(partitionCount, pollers?.maximum ?? 1));
}
