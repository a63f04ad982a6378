import type { PolledRecord } from '../model/polled-record.ts';
import type { PartitionQueue } from './partition-queue.ts';

/** The records of one batch until each is settled: handled by the function, given up, or handed to a destination. */
export class Batch {
  readonly records: readonly PolledRecord[];
  readonly queues: readonly PartitionQueue[];
  /** Offsets of each partition that are not settled; absent while all are or none is. */
  #unsettled: Map<number, Set<number>> | undefined;
  #allSettled = false;

  constructor(records: readonly PolledRecord[], queues: readonly PartitionQueue[]) {
    this.records = records;
    this.queues = queues;
  }

  settle(records: readonly PolledRecord[]): void {
    if (records.length === this.records.length) {
      this.#allSettled = true;
      return;
    }
    this.#unsettled ??= offsetsByPartition(this.records);
    for (const { partition, offset } of records) this.#unsettled.get(partition)?.delete(offset);
  }

  /** Offset up to which the partition may be committed: never past a record that is not settled. */
  committableOffset(queue: PartitionQueue): number {
    if (this.#allSettled) return queue.settledUpTo;
    if (this.#unsettled === undefined) return queue.committed;
    // Insertion order is offset order, so the first one left is the lowest.
    const [lowest] = this.#unsettled.get(queue.partition) ?? [];
    return lowest ?? queue.settledUpTo;
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
