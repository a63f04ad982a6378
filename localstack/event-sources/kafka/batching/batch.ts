import type { PolledRecord } from '../../model/polled-record.ts';
import type { PartitionQueue } from './partition-queue.ts';

/** Commits how far a partition is settled. */
export interface ProgressCommitter {
  commit(partition: number, offset: number): void;
}

/** The records of one batch until each is settled: processed by the function, dropped, or sent to the destination. */
export class Batch {
  readonly records: readonly PolledRecord[];
  readonly queues: readonly PartitionQueue[];
  readonly #committer: ProgressCommitter;
  /** Offsets by partition; undefined before the first record is settled, and when all were settled at once. */
  #unsettled: Map<number, Set<number>> | undefined;

  constructor(records: readonly PolledRecord[], queues: readonly PartitionQueue[], committer: ProgressCommitter) {
    this.records = records;
    this.queues = queues;
    this.#committer = committer;
  }

  /** Commits each partition up to its first record that is not settled. */
  settle(records: readonly PolledRecord[]): void {
    if (records.length < this.records.length) {
      this.#unsettled ??= offsetsByPartition(this.records);
      for (const { partition, offset } of records) this.#unsettled.get(partition)?.delete(offset);
    }
    for (const queue of this.queues) this.#committer.commit(queue.partition, this.#committableOffset(queue));
  }

  #committableOffset(queue: PartitionQueue): number {
    // Insertion order is offset order, so the first one left is the lowest.
    const [lowestUnsettled] = this.#unsettled?.get(queue.partition) ?? [];
    return lowestUnsettled ?? queue.settledOffset;
  }
}

function offsetsByPartition(records: readonly PolledRecord[]): Map<number, Set<number>> {
  const offsets = new Map<number, Set<number>>();
  for (const { partition, offset } of records) {
    const own = offsets.get(partition);
    if (own === undefined) offsets.set(partition, new Set([offset]));
    else own.add(offset);
  }
  return offsets;
}
