import type { Logger } from '../logger.ts';
import type { PolledRecord } from '../model/polled-record.ts';
import { Batch } from './batch.ts';
import { type KafkaEventWriter, MAX_PAYLOAD_BYTES } from './kafka-event.ts';
import type { PartitionQueue } from './partition-queue.ts';

export interface PollerOptions {
  readonly mappingId: string;
  readonly batchSize: number;
  readonly batchingWindowMs: number;
  readonly maximumInvocations: number;
  readonly writer: KafkaEventWriter;
  /** Delivers the batch; resolves when it is settled or given back. Never rejects. */
  readonly deliver: (batch: Batch) => Promise<void>;
  /** Called when records were taken out of a queue. */
  readonly onTaken: (queue: PartitionQueue) => void;
  readonly log: Logger;
}

/**
 * Makes batches out of the partitions it was given: at once with window 0, else when the batching window of the oldest
 * record is over, the batch size is reached or the payload is full. A partition has one batch in flight at most, so its
 * order holds; different partitions run side by side.
 */
export class Poller {
  readonly #options: PollerOptions;
  #queues: PartitionQueue[] = [];
  #running = new Set<Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #soon: NodeJS.Immediate | undefined;
  #next = 0;
  #stopped = false;

  constructor(options: PollerOptions) {
    this.#options = options;
  }

  assign(queues: readonly PartitionQueue[]): void {
    this.#queues = [...queues];
    this.#next = 0;
    this.pump();
  }

  /** Takes no further batches; those in flight go on. */
  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** To be called after records have arrived; those of all partitions of one fetch are looked at together. */
  recordsArrived(): void {
    this.#soon ??= setImmediate(() => {
      this.#soon = undefined;
      this.pump();
    });
  }

  /** Sends whatever is due. */
  pump(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    while (!this.#stopped && this.#running.size < this.#options.maximumInvocations) {
      const eligible = this.#queues.filter((queue) => !queue.inFlight && queue.length > 0);
      if (eligible.length === 0) return;
      const dueInMs = this.#dueInMs(eligible);
      if (dueInMs > 0) {
        this.#timer = setTimeout(() => this.pump(), dueInMs);
        return;
      }
      this.#send(this.#take(eligible));
    }
  }

  #dueInMs(eligible: readonly PartitionQueue[]): number {
    const { batchSize, batchingWindowMs } = this.#options;
    if (batchingWindowMs === 0) return 0;
    let records = 0;
    let bytes = 0;
    let oldest = Number.POSITIVE_INFINITY;
    for (const queue of eligible) {
      records += queue.length;
      bytes += queue.bytes;
      oldest = Math.min(oldest, queue.first?.arrivedAtMs ?? oldest);
    }
    if (records >= batchSize || bytes >= MAX_PAYLOAD_BYTES) return 0;
    return Math.ceil(oldest + batchingWindowMs - performance.now());
  }

  /** Fills a batch partition by partition, beginning where the last one ended, so that none is left waiting. */
  #take(eligible: readonly PartitionQueue[]): Batch {
    const { batchSize, writer, onTaken, log, mappingId } = this.#options;
    const records: PolledRecord[] = [];
    const taken: PartitionQueue[] = [];
    let bytes = writer.envelopeBytes;
    const start = this.#next % eligible.length;
    for (let index = 0; index < eligible.length && records.length < batchSize; index++) {
      const queue = eligible[(start + index) % eligible.length] as PartitionQueue;
      // The comma stands between partitions and between records, never before the first.
      let needed = bytes + writer.partitionBytes(queue.partition) - (taken.length === 0 ? 1 : 0);
      const before = records.length;
      while (queue.first !== undefined && records.length < batchSize) {
        needed += queue.first.bytes + (records.length === before ? 0 : 1);
        // A record that is too large by itself still makes a batch of its own: the delivery gives it up.
        if (records.length > 0 && needed > MAX_PAYLOAD_BYTES) break;
        bytes = needed;
        records.push(queue.shift() as PolledRecord);
      }
      if (records.length === before) break;
      queue.inFlight = true;
      taken.push(queue);
      onTaken(queue);
    }
    this.#next += 1;
    log.debug('batch formed', () => ({
      mapping: mappingId,
      records: records.length,
      bytes,
      partitions: taken.map(({ partition }) => partition),
      waiting: this.#queues.reduce((sum, queue) => sum + queue.length, 0),
      invocations: this.#running.size + 1,
    }));
    return new Batch(records, taken);
  }

  #send(batch: Batch): void {
    const delivery = this.#options.deliver(batch).finally(() => {
      this.#running.delete(delivery);
      for (const queue of batch.queues) queue.inFlight = false;
      this.pump();
    });
    this.#running.add(delivery);
  }
}
