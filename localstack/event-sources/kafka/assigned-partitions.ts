import type { EachBatchPayload } from 'kafkajs';
import { type FilterMismatch, filterPasses } from '../filter/filter-criteria.ts';
import { type Logger, reasonOf } from '../logger.ts';
import type { MappingMetrics } from '../metrics/mapping-metrics.ts';
import type { KafkaMapping } from '../model/kafka-mapping.ts';
import { Batch } from './batching/batch.ts';
import { type BatchReceiver, EventPollers } from './batching/event-pollers.ts';
import type { FilledBatch } from './batching/fill-batch.ts';
import { FlowControl } from './batching/flow-control.ts';
import { PartitionQueue } from './batching/partition-queue.ts';
import type { ConsumerGroup } from './consumer/consumer-group.ts';
import type { FetchControl } from './consumer/group-consumer.ts';
import type { BatchDelivery } from './delivery/batch-delivery.ts';
import type { KafkaEventSerializer } from './event/kafka-event-serializer.ts';
import { type NullFields, RecordSerializer } from './event/record-serializer.ts';
import { OffsetCommitter } from './offsets/offset-committer.ts';
import type { SchemaLoader } from './schema/schema-loader.ts';

export interface PartitionProcessing {
  readonly mapping: KafkaMapping;
  readonly options: { readonly nullFields: NullFields; readonly filterMismatch: FilterMismatch };
  readonly serializer: KafkaEventSerializer;
  /** Absent: the mapping has no schema registry. */
  readonly schemas?: Pick<SchemaLoader, 'load' | 'validate'>;
  readonly delivery: BatchDelivery;
  readonly fetching: FetchControl;
  readonly metrics: MappingMetrics;
  readonly log: Logger;
}

interface AssignedPartition {
  readonly queue: PartitionQueue;
  readonly serializer: RecordSerializer;
  /** Offset after the newest record of the partition, as of the last fetch. */
  highWatermark?: number;
}

/**
 * The pipeline of the partitions that one join of the group assigned to this member: fetched records are filtered and
 * queued, the pollers batch them, the delivery settles them and their offsets are committed. After the next join a new
 * object takes its place, so nothing of an earlier assignment can commit for a later one.
 */
export class AssignedPartitions implements BatchReceiver {
  readonly #processing: PartitionProcessing;
  readonly #partitions: ReadonlyMap<number, AssignedPartition>;
  readonly #flow: FlowControl;
  readonly #pollers: EventPollers;
  readonly #committer: OffsetCommitter;
  readonly #ending = new AbortController();

  /** `committed` holds the committed offset of each partition. */
  constructor(processing: PartitionProcessing, group: ConsumerGroup, committed: ReadonlyMap<number, number>) {
    const { mapping, options, fetching } = processing;
    this.#processing = processing;
    this.#partitions = new Map(
      [...committed]
        .sort(([a], [b]) => a - b)
        .map(([partition, offset]) => [
          partition,
          {
            queue: new PartitionQueue(partition, offset),
            serializer: new RecordSerializer(mapping.topic, partition, options.nullFields),
          },
        ]),
    );
    const queues = [...this.#partitions.values()].map(({ queue }) => queue);
    this.#flow = new FlowControl(queues, mapping.batchSize, fetching);
    this.#committer = new OffsetCommitter(processing, group, committed);
    this.#pollers = new EventPollers(processing, queues, this);
  }

  get pollerCount(): number {
    return this.#pollers.count;
  }

  get committedOffsets(): { partition: number; committed: number }[] {
    return [...this.#partitions.keys()].map((partition) => ({
      partition,
      committed: this.#committer.committedOffset(partition),
    }));
  }

  /** How many records the broker has after the committed offset, for each partition. */
  get lags(): number[] {
    return [...this.#partitions].map(([partition, { highWatermark }]) => {
      const committed = this.#committer.committedOffset(partition);
      return Math.max(0, (highWatermark ?? committed) - committed);
    });
  }

  /**
   * Filters and queues the records of a fetch, at once unless their schemas must be loaded. `fetchedOffset` is the offset
   * that the fetch asked for.
   */
  recordsFetched(batch: EachBatchPayload['batch'], fetchedOffset: number): Promise<void> | undefined {
    const { signal } = this.#ending;
    const loading = this.#processing.schemas?.load(batch.messages, signal);
    if (loading === undefined) this.#queueRecords(batch, fetchedOffset);
    return loading?.then(() => {
      if (!signal.aborted) this.#queueRecords(batch, fetchedOffset);
    });
  }

  #queueRecords(batch: EachBatchPayload['batch'], fetchedOffset: number): void {
    const assigned = this.#continuedAt(batch.partition, fetchedOffset);
    if (assigned === undefined) return;
    const { queue, serializer } = assigned;
    const { mapping, options, metrics, log, schemas } = this.#processing;
    const { filterCriteria } = mapping;
    const arrivedAtMs = performance.now();
    for (const fetched of batch.messages) {
      const validated = schemas?.validate(fetched);
      const value = validated === undefined ? fetched.value : validated.filteredValue;
      const isFiltered = filterCriteria !== undefined && validated?.failure === undefined;
      if (isFiltered && !filterPasses(filterCriteria, value, options.filterMismatch)) {
        metrics.FilteredOutEventCount += 1;
      } else {
        queue.push(serializer.polledRecord(validated?.message ?? fetched, arrivedAtMs, validated));
      }
    }
    metrics.PolledEventCount += batch.messages.length;
    assigned.highWatermark = Number(batch.highWatermark);
    log.debug('polled', () => ({
      mapping: mapping.id,
      partition: batch.partition,
      offsets: `${batch.firstOffset()}-${batch.lastOffset()}`,
      records: batch.messages.length,
      waiting: queue.length,
    }));
    this.#advance(queue, Number(batch.lastOffset()) + 1);
    this.#flow.recordsAdded(queue);
    this.#pollers.recordsArrived();
  }

  /** The fetch brought only control records and records of aborted transactions. */
  recordsSkipped(partition: number, fetchedOffset: number, nextOffset: number): void {
    const assigned = this.#continuedAt(partition, fetchedOffset);
    if (assigned !== undefined) this.#advance(assigned.queue, nextOffset);
  }

  waitForRoom(): Promise<void> {
    return this.#flow.waitForRoom();
  }

  /** Called by the pollers. An error restarts the consumer, so the partitions start again at their last commit. */
  async deliver({ records, queues }: FilledBatch): Promise<void> {
    const { delivery, mapping, fetching, log } = this.#processing;
    const { signal } = this.#ending;
    for (const queue of queues) this.#flow.recordsTaken(queue);
    try {
      await delivery.deliver(new Batch(records, queues, this.#committer), signal);
    } catch (error) {
      if (signal.aborted) return;
      log.error('batch not delivered; its partitions start again at their last commit', {
        mapping: mapping.id,
        reason: reasonOf(error),
      });
      // The group is left later. Until then a later batch or fetch of these partitions would commit past this batch.
      this.#endProcessing();
      fetching.restart(error);
    }
  }

  /** Forms no more batches and stops waiting for retries. Resolves when the invocations in flight have ended. */
  async finish(): Promise<void> {
    this.#endProcessing();
    await this.#pollers.idle();
  }

  #endProcessing(): void {
    this.#pollers.stop();
    this.#ending.abort();
  }

  /** Resolves when the progress is committed, or after the first commit that fails. */
  flushCommits(): Promise<void> {
    return this.#committer.flush();
  }

  /** Commits nothing any more, because the partitions may belong to another member. */
  revoke(): void {
    this.#committer.close();
  }

  /**
   * The partition, if the fetch continues where the last one ended. A gap means that the topic was deleted and created
   * again, that the broker dropped old records, or that the fetch started before the group was joined again.
   */
  #continuedAt(partition: number, fetchedOffset: number): AssignedPartition | undefined {
    const assigned = this.#partitions.get(partition);
    if (assigned === undefined || assigned.queue.nextOffset === fetchedOffset) return assigned;
    this.#processing.fetching.restart(
      new Error(`expected a fetch of partition ${partition} at ${assigned.queue.nextOffset}, got ${fetchedOffset}`),
    );
    return undefined;
  }

  #advance(queue: PartitionQueue, nextOffset: number): void {
    queue.advanceTo(nextOffset);
    // Everything was filtered out or skipped, so no batch will commit it. At the end a batch may have been given back.
    if (queue.isIdle && !this.#ending.signal.aborted) this.#committer.commit(queue.partition, queue.nextOffset);
  }
}
