import { missingOffsets, type PartitionOffsets } from '../core/offset-range.ts';
import type { TopicState } from '../core/topic-state.ts';
import type { AppliedPartition } from '../ports/applied-offsets.ts';
import type { TopicInspector } from '../ports/topic-inspector.ts';

/** Offsets that are not applied, and that the consumer group has passed, or whose records are deleted. */
export interface Gaps {
  /** Consumers would receive records there, or would have before these were deleted. */
  readonly lost: readonly PartitionOffsets[];
  /** There are no records, only the ends of transactions and aborted ones. */
  readonly empty: readonly PartitionOffsets[];
}

/**
 * Compares what is applied with how far the consumer group is.
 *
 * `committed` must have been read before `applied`: a batch is applied before its offset is committed, so that everything
 * below these offsets must be applied.
 */
export async function findGaps(
  inspector: Pick<TopicInspector, 'hasRecords'>,
  topic: string,
  state: TopicState,
  committed: readonly (bigint | null)[],
  applied: readonly AppliedPartition[],
): Promise<Gaps> {
  const lost: PartitionOffsets[] = [];
  const empty: PartitionOffsets[] = [];
  for (const [partition, { startOffset, endOffset }] of state.partitions.entries()) {
    const { offsets = [] } = applied.find((each) => each.partition === partition) ?? {};
    for (const range of missingOffsets(offsets, passedOffset(committed[partition] ?? 0n, startOffset, endOffset))) {
      const missing = { topic, partition, ...range };
      // What is deleted cannot be looked at any more.
      const isLost = range.first < startOffset || (await inspector.hasRecords(missing));
      (isLost ? lost : empty).push(missing);
    }
  }
  return { lost, empty };
}

/** Offsets that are applied although the topic ends below them: it has lost these records, and gives the offsets again. */
export function offsetsBeyondEnd(
  topic: string,
  { partitions }: TopicState,
  applied: readonly AppliedPartition[],
): PartitionOffsets[] {
  return applied.flatMap(({ partition, offsets }) => {
    const end = partitions[partition]?.endOffset ?? 0n;
    const next = offsets.at(-1)?.next ?? 0n;
    return next > end ? [{ topic, partition, first: end, next }] : [];
  });
}

/** Below this offset nothing is delivered any more. A committed offset beyond the end belongs to records that are lost. */
function passedOffset(committed: bigint, start: bigint, end: bigint): bigint {
  if (committed > end) return end;
  return committed > start ? committed : start;
}
