import type { EachBatchPayload } from 'kafkajs';
import { filterPasses } from '../filter/filter-criteria.ts';
import type { Logger } from '../logger.ts';
import type { MappingMetrics } from '../metrics/mapping-metrics.ts';
import type { KafkaMapping } from '../model/kafka-mapping.ts';
import { MAX_PAYLOAD_BYTES } from './kafka-event.ts';
import { PartitionQueue } from './partition-queue.ts';
import { type NullFields, RecordSerialiser } from './record.ts';

export interface PartitionIntakeOptions {
  readonly mapping: KafkaMapping;
  readonly nullFields: NullFields;
  readonly filterMismatch: 'pass' | 'drop';
  readonly metrics: MappingMetrics;
  readonly log: Logger;
  /** Fetching of a partition stops and goes on. */
  readonly pause: (partition: number) => void;
  readonly resume: (partition: number) => void;
  /** Something waits in the queue, or was waiting there already. */
  readonly onArrived: (queue: PartitionQueue) => void;
  /** Everything before `polledUpTo` was polled, and nothing of it waits or runs. */
  readonly onNothingLeft: (queue: PartitionQueue) => void;
  /** What was fetched does not follow what was polled before; the partition has to be read from its last commit. */
  readonly onGap: (reason: Error) => void;
}

/** With a small batch size as many records wait all the same, so that the next batches need not be fetched first. */
const LEAST_WAITING_RECORDS = 500;
const LONGEST_WAIT_FOR_ROOM_MS = 300;

/**
 * Takes polled records into the queues of the partitions that this member owns, and holds the broker off while a queue
 * is full: what waits is bounded by the batch size and the number of partitions, whatever the backlog.
 */
export class PartitionIntake {
  readonly #options: PartitionIntakeOptions;
  readonly #queues = new Map<number, PartitionQueue>();
  readonly #highWatermarks = new Map<number, number>();
  readonly #highWater: number;
  #room: (() => void) | undefined;

  constructor(options: PartitionIntakeOptions) {
    this.#options = options;
    this.#highWater = Math.max(LEAST_WAITING_RECORDS, 2 * options.mapping.batchSize);
  }

  /** The partitions of a new assignment, each with its committed offset. */
  assign(committed: ReadonlyMap<number, number>): readonly PartitionQueue[] {
    this.revokeAll();
    const { mapping, nullFields, resume } = this.#options;
    for (const [partition, offset] of [...committed].sort(([a], [b]) => a - b)) {
      const serialiser = new RecordSerialiser(mapping.topic, partition, nullFields);
      this.#queues.set(partition, new PartitionQueue(serialiser, offset));
      resume(partition);
    }
    return [...this.#queues.values()];
  }

  /** Whatever still runs must not commit any more. */
  revokeAll(): void {
    for (const queue of this.#queues.values()) queue.revoked = true;
    this.#queues.clear();
  }

  /** `fetchedOffset` is what the broker was asked for. */
  ingest({ batch }: EachBatchPayload, fetchedOffset: number): void {
    const queue = this.#follows(batch.partition, fetchedOffset);
    if (queue === undefined) return;
    const { mapping, filterMismatch, metrics, log } = this.#options;
    const arrivedAtMs = performance.now();
    for (const message of batch.messages) {
      if (mapping.filterCriteria && !filterPasses(mapping.filterCriteria, message.value, filterMismatch)) {
        metrics.FilteredOutEventCount += 1;
        continue;
      }
      queue.push(queue.serialiser.read(message, arrivedAtMs));
    }
    metrics.PolledEventCount += batch.messages.length;
    this.#highWatermarks.set(batch.partition, Number(batch.highWatermark));
    log.debug('polled', () => ({
      mapping: mapping.id,
      partition: batch.partition,
      offsets: `${batch.firstOffset()}-${batch.lastOffset()}`,
      records: batch.messages.length,
      waiting: queue.length,
    }));
    this.#moveTo(queue, Number(batch.lastOffset()) + 1);
    if (this.#isFull(queue)) {
      queue.paused = true;
      this.#options.pause(batch.partition);
    }
    this.#options.onArrived(queue);
  }

  /** The broker gave nothing but control records and records of aborted transactions. */
  skip(partition: number, fetchedOffset: number, nextOffset: number): void {
    const queue = this.#follows(partition, fetchedOffset);
    if (queue !== undefined) this.#moveTo(queue, nextOffset);
  }

  /** To be called after records were taken out of the queue. */
  taken(queue: PartitionQueue): void {
    if (!queue.paused || this.#isFull(queue)) return;
    queue.paused = false;
    this.#options.resume(queue.partition);
    this.#room?.();
  }

  /**
   * With every partition paused, kafkajs would sleep for a whole fetch wait, whatever becomes free meanwhile. Waits for
   * the first partition instead; not for long, since heartbeats come between fetches.
   */
  async untilRoom(): Promise<void> {
    if (this.#queues.size === 0) return;
    for (const queue of this.#queues.values()) if (!queue.paused) return;
    const room = Promise.withResolvers<void>();
    this.#room = room.resolve;
    const timer = setTimeout(room.resolve, LONGEST_WAIT_FOR_ROOM_MS);
    await room.promise;
    clearTimeout(timer);
  }

  /** How far the broker is ahead of what is committed, over the partitions of this process. */
  updateLag(): void {
    const { metrics } = this.#options;
    let sum = 0;
    let max = 0;
    for (const queue of this.#queues.values()) {
      const lag = Math.max(0, (this.#highWatermarks.get(queue.partition) ?? queue.committed) - queue.committed);
      sum += lag;
      max = Math.max(max, lag);
    }
    metrics.OffsetLag = sum;
    metrics.SumOffsetLag = sum;
    metrics.MaxOffsetLag = max;
  }

  /**
   * The queue that the fetch goes on with. None while the partition is not ours; and none where offsets jump: the topic
   * was made anew, the broker has dropped what is too old, or the fetch was under way while the group was joined anew.
   */
  #follows(partition: number, fetchedOffset: number): PartitionQueue | undefined {
    const queue = this.#queues.get(partition);
    if (queue === undefined || queue.polledUpTo === fetchedOffset) return queue;
    this.#options.onGap(
      new Error(`partition ${partition} was polled up to ${queue.polledUpTo} and goes on at ${fetchedOffset}`),
    );
    return undefined;
  }

  #moveTo(queue: PartitionQueue, nextOffset: number): void {
    queue.polledUpTo = Math.max(queue.polledUpTo, nextOffset);
    if (!queue.inFlight && queue.length === 0) this.#options.onNothingLeft(queue);
  }

  #isFull(queue: PartitionQueue): boolean {
    return queue.length >= this.#highWater || queue.bytes >= MAX_PAYLOAD_BYTES;
  }
}
