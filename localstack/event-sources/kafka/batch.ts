import type { PartitionQueue } from './partition-queue.ts';
import type { PolledRecord } from './record.ts';

/** The records of one batch until each is settled: handled by the function, given up, or handed to a destination. */
export class Batch {
  readonly records: readonly PolledRecord[];
  readonly queues: readonly PartitionQueue[];
  readonly #unsettled = new Map<number, Set<number>>();

  constructor(records: readonly PolledRecord[], queues: readonly PartitionQueue[]) {
    this.records = records;
    this.queues = queues;
    for (const { partition, offset } of records) {
      const offsets = this.#unsettled.get(partition) ?? new Set();
      offsets.add(offset);
      this.#unsettled.set(partition, offsets);
    }
  }

  settle(records: readonly PolledRecord[]): void {
    for (const { partition, offset } of records) this.#unsettled.get(partition)?.delete(offset);
  }

  /** Offset up to which the partition may be committed: never past a record that is not settled. */
  committableOffset(queue: PartitionQueue): number {
    // Insertion order is offset order, so the first one left is the lowest.
    const [lowest] = this.#unsettled.get(queue.partition) ?? [];
    return lowest ?? queue.settledUpTo;
  }
}

/** `topic-0: 5-9` of each partition, for a log line. */
export function offsetRanges(topic: string, records: readonly PolledRecord[]): Record<string, string> {
  const ranges: Record<string, string> = {};
  let first: PolledRecord | undefined;
  records.forEach((record, index) => {
    if (first === undefined || first.partition !== record.partition) first = record;
    if (records[index + 1]?.partition !== record.partition) {
      ranges[`${topic}-${record.partition}`] = `${first.offset}-${record.offset}`;
    }
  });
  return ranges;
}
