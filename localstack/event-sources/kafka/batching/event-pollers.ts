import type { Logger } from '../../logger.ts';
import type { KafkaMapping } from '../../model/kafka-mapping.ts';
import { type KafkaEventSerializer, MAX_PAYLOAD_BYTES } from '../event/kafka-event-serializer.ts';
import { msUntilBatchIsDue } from './batching-window.ts';
import { type FilledBatch, fillBatch } from './fill-batch.ts';
import type { PartitionQueue } from './partition-queue.ts';
import { PollerCount } from './poller-count.ts';

export interface EventPollersDependencies {
  readonly mapping: KafkaMapping;
  readonly serializer: KafkaEventSerializer;
  readonly log: Logger;
}

/** Receives the batches of the pollers. Resolves when the batch is settled or given back; never rejects. */
export interface BatchReceiver {
  deliver(batch: FilledBatch): Promise<void>;
}

/** Lambda's limit of a poller. */
const MAX_CONCURRENT_INVOCATIONS = 5;
/**
 * When more records wait, another poller is needed, also where a batch could have them all. Larger leaves a backlog to a
 * single invocation at a time, smaller divides records that arrive together.
 */
const MAX_RECORDS_PER_POLLER = 500;

class Poller {
  readonly inFlight = new Set<Promise<void>>();
  batchCount = 0;
}

/**
 * The event pollers of a mapping. The partitions are distributed among them round robin, and each forms batches of its
 * partitions' records when they are due. A partition has at most one batch in flight, which keeps its order, also when
 * another poller takes it over; batches of different partitions run concurrently.
 */
export class EventPollers {
  readonly #dependencies: EventPollersDependencies;
  readonly #queues: readonly PartitionQueue[];
  readonly #receiver: BatchReceiver;
  readonly #count: PollerCount;
  readonly #pollers: readonly Poller[];
  /** The queues of each poller, as of the last change of the count. */
  #queuesByPoller: readonly (readonly PartitionQueue[])[] = [];
  #windowTimer: NodeJS.Timeout | undefined;
  #scheduled: NodeJS.Immediate | undefined;
  #stopped = false;

  constructor(dependencies: EventPollersDependencies, queues: readonly PartitionQueue[], receiver: BatchReceiver) {
    this.#dependencies = dependencies;
    this.#queues = queues;
    this.#receiver = receiver;
    this.#count = new PollerCount(dependencies.mapping, queues.length);
    this.#pollers = Array.from({ length: this.#count.maximum }, () => new Poller());
  }

  get count(): number {
    return this.#count.current;
  }

  /** Forms no more batches; those in flight continue. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#windowTimer);
  }

  /** Resolves when no batch is in flight. */
  async idle(): Promise<void> {
    while (this.#inFlight.length > 0) await Promise.all(this.#inFlight);
  }

  /** To be called after records were added. One fetch adds to several partitions, which are then batched together. */
  recordsArrived(): void {
    this.#scheduled ??= setImmediate(() => {
      this.#scheduled = undefined;
      this.#formBatches();
    });
  }

  get #inFlight(): Promise<void>[] {
    return this.#pollers.flatMap(({ inFlight }) => [...inFlight]);
  }

  #formBatches(): void {
    clearTimeout(this.#windowTimer);
    if (this.#stopped) return;
    this.#count.update(this.#pollersToFill(), performance.now());
    if (this.#queuesByPoller.length !== this.count) this.#queuesByPoller = dealOut(this.#queues, this.count);
    const waitsMs = this.#queuesByPoller.map((own, index) => this.#formBatchesOf(this.#pollers[index] as Poller, own));
    const waitMs = Math.min(...waitsMs);
    if (Number.isFinite(waitMs)) this.#windowTimer = setTimeout(() => this.#formBatches(), waitMs);
  }

  /** How many pollers the waiting records are enough for. */
  #pollersToFill(): number {
    let records = 0;
    let bytes = 0;
    for (const queue of this.#queues) {
      records += queue.length;
      bytes += queue.bytes;
    }
    const recordsEach = Math.min(this.#dependencies.mapping.batchSize, MAX_RECORDS_PER_POLLER);
    return Math.ceil(Math.max(records / recordsEach, bytes / MAX_PAYLOAD_BYTES));
  }

  /** Returns the milliseconds until the poller's next batch is due; infinite: when a record arrives or a batch ends. */
  #formBatchesOf(poller: Poller, queues: readonly PartitionQueue[]): number {
    while (poller.inFlight.size < MAX_CONCURRENT_INVOCATIONS) {
      const ready = queues.filter((queue) => queue.isReady);
      if (ready.length === 0) break;
      const waitMs = msUntilBatchIsDue(ready, this.#dependencies.mapping, performance.now());
      if (waitMs > 0) return waitMs;
      this.#send(poller, this.#nextBatch(poller, ready));
    }
    return Number.POSITIVE_INFINITY;
  }

  #nextBatch(poller: Poller, ready: readonly PartitionQueue[]): FilledBatch {
    const { mapping, serializer, log } = this.#dependencies;
    // Each batch starts with another partition, so that none is starved by a full one before it.
    const start = poller.batchCount % ready.length;
    poller.batchCount += 1;
    const batch = fillBatch([...ready.slice(start), ...ready.slice(0, start)], mapping.batchSize, serializer);
    log.debug('batch formed', () => ({
      mapping: mapping.id,
      records: batch.records.length,
      bytes: batch.bytes,
      partitions: batch.queues.map(({ partition }) => partition),
      waiting: this.#queues.reduce((sum, queue) => sum + queue.length, 0),
      invocations: this.#inFlight.length + 1,
      pollers: this.count,
    }));
    return batch;
  }

  #send(poller: Poller, batch: FilledBatch): void {
    for (const queue of batch.queues) queue.startBatch();
    const delivery = this.#receiver.deliver(batch).finally(() => {
      poller.inFlight.delete(delivery);
      for (const queue of batch.queues) queue.endBatch();
      this.#formBatches();
    });
    poller.inFlight.add(delivery);
  }
}

/** Round robin. */
function dealOut(queues: readonly PartitionQueue[], count: number): PartitionQueue[][] {
  const hands = Array.from({ length: count }, (): PartitionQueue[] => []);
  for (const [position, queue] of queues.entries()) hands[position % count]?.push(queue);
  return hands;
}
