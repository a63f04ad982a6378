import { withResolvers } from '../../node-20.ts';
import type { FetchControl } from '../consumer/group-consumer.ts';
import { MAX_PAYLOAD_BYTES } from '../event/kafka-event-serializer.ts';
import type { PartitionQueue } from './partition-queue.ts';

/** With a small batch size, this many records are queued anyway, so that the next batches need no fetch. */
const MIN_QUEUED_RECORDS = 500;
const QUEUED_BATCHES = 2;
/** kafkajs sends heartbeats between fetches, so a fetch is not held back for longer. */
const MAX_WAIT_FOR_ROOM_MS = 300;

/**
 * Pauses the fetching of a partition while its queue is full. Memory is thereby bounded by the batch size and the number
 * of partitions, no matter how large the backlog is.
 */
export class FlowControl {
  readonly #queues: readonly PartitionQueue[];
  readonly #maxRecords: number;
  readonly #fetching: FetchControl;
  readonly #paused = new Set<PartitionQueue>();
  #wake: (() => void) | undefined;

  constructor(queues: readonly PartitionQueue[], batchSize: number, fetching: FetchControl) {
    this.#queues = queues;
    this.#maxRecords = Math.max(MIN_QUEUED_RECORDS, QUEUED_BATCHES * batchSize);
    this.#fetching = fetching;
    // kafkajs keeps the pauses of an earlier assignment.
    for (const { partition } of queues) fetching.resume(partition);
  }

  recordsAdded(queue: PartitionQueue): void {
    if (!this.#isFull(queue)) return;
    this.#paused.add(queue);
    this.#fetching.pause(queue.partition);
  }

  recordsTaken(queue: PartitionQueue): void {
    if (this.#isFull(queue) || !this.#paused.delete(queue)) return;
    this.#fetching.resume(queue.partition);
    this.#wake?.();
  }

  /**
   * Resolves when a queue has room, or after a short time. Without this wait kafkajs would sleep for a whole fetch wait
   * whenever all partitions are paused, even if one is resumed meanwhile.
   */
  async waitForRoom(): Promise<void> {
    if (this.#paused.size < this.#queues.length || this.#queues.length === 0) return;
    const room = withResolvers<void>();
    this.#wake = room.resolve;
    const timer = setTimeout(room.resolve, MAX_WAIT_FOR_ROOM_MS);
    await room.promise;
    clearTimeout(timer);
  }

  #isFull(queue: PartitionQueue): boolean {
    return queue.length >= this.#maxRecords || queue.bytes >= MAX_PAYLOAD_BYTES;
  }
}
