import type { Logger } from '../../logger.ts';
import type { KafkaMapping } from '../../model/kafka-mapping.ts';
import type { KafkaEventSerializer } from '../event/kafka-event-serializer.ts';
import { msUntilBatchIsDue } from './batching-window.ts';
import { type FilledBatch, fillBatch } from './fill-batch.ts';
import type { PartitionQueue } from './partition-queue.ts';

export interface EventPollerDependencies {
  readonly mapping: KafkaMapping;
  readonly serializer: KafkaEventSerializer;
  readonly log: Logger;
}

/** Receives the batches of a poller. Resolves when the batch is settled or given back; never rejects. */
export interface BatchReceiver {
  deliver(batch: FilledBatch): Promise<void>;
}

/** Lambda's limit of a poller. */
const MAX_CONCURRENT_INVOCATIONS = 5;

/**
 * Forms batches of its partitions' records when they are due. A partition has at most one batch in flight, which keeps
 * its order; batches of different partitions run concurrently.
 */
export class EventPoller {
  readonly #dependencies: EventPollerDependencies;
  readonly #queues: readonly PartitionQueue[];
  readonly #receiver: BatchReceiver;
  readonly #inFlight = new Set<Promise<void>>();
  #windowTimer: NodeJS.Timeout | undefined;
  #scheduled: NodeJS.Immediate | undefined;
  #batchCount = 0;
  #stopped = false;

  constructor(dependencies: EventPollerDependencies, queues: readonly PartitionQueue[], receiver: BatchReceiver) {
    this.#dependencies = dependencies;
    this.#queues = queues;
    this.#receiver = receiver;
  }

  /** Forms no more batches; those in flight continue. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#windowTimer);
  }

  /** Resolves when no batch is in flight. */
  async idle(): Promise<void> {
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
  }

  /** To be called after records were added. One fetch adds to several partitions, which are then batched together. */
  recordsArrived(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      this.#formBatches();
    });
  }

  #formBatches(): void {
    clearTimeout(this.#windowTimer);
    this.#windowTimer = undefined;
    while (!this.#stopped && this.#inFlight.size < MAX_CONCURRENT_INVOCATIONS) {
      const ready = this.#queues.filter((queue) => queue.isReady);
      if (ready.length === 0) return;
      const waitMs = msUntilBatchIsDue(ready, this.#dependencies.mapping, performance.now());
      if (waitMs > 0) {
        this.#windowTimer = setTimeout(() => this.#formBatches(), waitMs);
        return;
      }
      this.#send(this.#nextBatch(ready));
    }
  }

  #nextBatch(ready: readonly PartitionQueue[]): FilledBatch {
    const { mapping, serializer, log } = this.#dependencies;
    // Each batch starts with another partition, so that none is starved by a full one before it.
    const start = this.#batchCount % ready.length;
    this.#batchCount += 1;
    const batch = fillBatch([...ready.slice(start), ...ready.slice(0, start)], mapping.batchSize, serializer);
    log.debug('batch formed', () => ({
      mapping: mapping.id,
      records: batch.records.length,
      bytes: batch.bytes,
      partitions: batch.queues.map(({ partition }) => partition),
      waiting: this.#queues.reduce((sum, queue) => sum + queue.length, 0),
      invocations: this.#inFlight.size + 1,
    }));
    return batch;
  }

  #send(batch: FilledBatch): void {
    for (const queue of batch.queues) queue.startBatch();
    const delivery = this.#receiver.deliver(batch).finally(() => {
      this.#inFlight.delete(delivery);
      for (const queue of batch.queues) queue.endBatch();
      this.#formBatches();
    });
    this.#inFlight.add(delivery);
  }
}
