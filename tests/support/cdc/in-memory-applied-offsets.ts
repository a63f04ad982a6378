import type { OffsetRange, PartitionOffsets } from '../../../functions/core/offset-range.ts';
import type { AppliedOffsets, AppliedTopic } from '../../../functions/ports/applied-offsets.ts';

interface StoredPartition {
  readonly topic: string;
  readonly partition: number;
  topicId: string | null;
  readonly offsets: Set<bigint>;
}

/** Keeps each offset by itself, so use it with a few thousand offsets at most. */
export class InMemoryAppliedOffsets implements AppliedOffsets {
  readonly #watermarkEpoch: () => bigint;
  #partitions: StoredPartition[] = [];

  constructor(watermarkEpoch: () => bigint = () => -1n) {
    this.#watermarkEpoch = watermarkEpoch;
  }

  async read(topic: string): Promise<AppliedTopic> {
    const partitions = this.#partitions
      .filter((stored) => stored.topic === topic)
      .sort((a, b) => a.partition - b.partition)
      .map(({ partition, topicId, offsets }) => ({ partition, topicId, offsets: toRanges(offsets) }));
    return { partitions, watermarkEpoch: this.#watermarkEpoch() };
  }

  async assignTopicId(topic: string, topicId: string): Promise<void> {
    for (const stored of this.#partitions) {
      if (stored.topic !== topic || stored.topicId === topicId) continue;
      if (stored.topicId !== null) stored.offsets.clear();
      stored.topicId = topicId;
    }
  }

  async add(offsets: readonly PartitionOffsets[]): Promise<void> {
    for (const { topic, partition, first, next } of offsets) {
      const stored = this.#find(topic, partition) ?? { topic, partition, topicId: null, offsets: new Set() };
      if (!this.#partitions.includes(stored)) this.#partitions.push(stored);
      for (let offset = first; offset < next; offset += 1n) stored.offsets.add(offset);
    }
  }

  async remove(offsets: readonly PartitionOffsets[]): Promise<void> {
    for (const { topic, partition, first, next } of offsets) {
      for (let offset = first; offset < next; offset += 1n) this.#find(topic, partition)?.offsets.delete(offset);
    }
  }

  #find(topic: string, partition: number): StoredPartition | undefined {
    return this.#partitions.find((stored) => stored.topic === topic && stored.partition === partition);
  }
}

function toRanges(offsets: ReadonlySet<bigint>): OffsetRange[] {
  const ranges: { first: bigint; next: bigint }[] = [];
  for (const offset of [...offsets].sort((a, b) => (a < b ? -1 : 1))) {
    const last = ranges.at(-1);
    if (last?.next === offset) last.next += 1n;
    else ranges.push({ first: offset, next: offset + 1n });
  }
  return ranges;
}
