import type { OffsetRange, PartitionOffsets } from '../core/offset-range.ts';

/** What the target has applied of one partition. */
export interface AppliedPartition {
  readonly partition: number;
  /** The topic's id when `assignTopicId` was last called; `null` when the partition's first batch came after that. */
  readonly topicId: string | null;
  /** Ascending, with a hole between each two. */
  readonly offsets: readonly OffsetRange[];
}

export interface AppliedTopic {
  /** Ascending by number. A partition of which nothing is applied may be missing. */
  readonly partitions: readonly AppliedPartition[];
  /** The epoch of the watermark; see `EmployeeReplicaTransaction`. It is -1 before the first snapshot is complete. */
  readonly watermarkEpoch: bigint;
}

/**
 * Which records of a topic are applied to the target. A batch adds its offsets in its own transaction, so they are as old
 * as the rest of the target when an older copy of it is restored.
 *
 * Duplicates: offsets that are added again, or removed again, change nothing.
 * Concurrency: all calls may overlap with batches and with each other.
 *
 * @throws every method, when the database is unreachable.
 */
export interface AppliedOffsets {
  read(topic: string): Promise<AppliedTopic>;

  /**
   * Records the id that the topic has now. Partitions that were applied from a topic with another id start again
   * without offsets, because the same offsets belong to other records.
   */
  assignTopicId(topic: string, topicId: string): Promise<void>;

  /** Counts offsets as applied, because there is no record at them, or because a snapshot replaces their records. */
  add(offsets: readonly PartitionOffsets[]): Promise<void>;

  /** Counts offsets as not applied, because the topic has lost their records and will use the offsets again. */
  remove(offsets: readonly PartitionOffsets[]): Promise<void>;
}
