import type { KafkaRecord } from './kafka-record.ts';

/** Consecutive offsets of one partition. */
export interface OffsetRange {
  readonly first: bigint;
  /** The offset after the last one. */
  readonly next: bigint;
}

export interface PartitionOffsets extends OffsetRange {
  readonly topic: string;
  readonly partition: number;
}

/** The offsets of a batch, one range for each run of records with consecutive offsets. */
export function offsetsOf(records: readonly KafkaRecord[]): PartitionOffsets[] {
  const ranges: PartitionOffsets[] = [];
  let run: { readonly topic: string; readonly partition: number; readonly first: number; next: number } | undefined;
  const endRun = () => {
    if (run) ranges.push({ ...run, first: BigInt(run.first), next: BigInt(run.next) });
  };
  for (const { topic, partition, offset } of records) {
    // The event of a Kafka event source has offsets as numbers, and comparing them is several times faster.
    const number = Number(offset);
    if (run?.next === number && run.partition === partition && run.topic === topic) {
      run.next += 1;
    } else {
      endRun();
      run = { topic, partition, first: number, next: number + 1 };
    }
  }
  endRun();
  return ranges;
}

/** The offsets below `until` that are in none of the ranges, which are ascending and do not overlap. */
export function missingOffsets(ranges: readonly OffsetRange[], until: bigint): OffsetRange[] {
  const missing: OffsetRange[] = [];
  let next = 0n;
  for (const range of ranges) {
    if (range.first >= until) break;
    if (range.first > next) missing.push({ first: next, next: range.first });
    next = range.next;
  }
  if (next < until) missing.push({ first: next, next: until });
  return missing;
}
