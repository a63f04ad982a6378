import type { ConsumerGroup } from '../../../../localstack/event-sources/kafka/consumer/consumer-group.ts';

/** A consumer group with one topic, as kafkajs and the broker would answer. */
export class FakeGroup implements ConsumerGroup {
  readonly groupId = 'group';
  memberId: string | null = 'member-1';
  readonly oldest: ReadonlyMap<number, number>;
  readonly latest: ReadonlyMap<number, number>;
  readonly committed = new Map<number, number>();
  /** Members that were removed from the group. */
  readonly left: string[] = [];
  readonly commits: Record<number, number>[] = [];
  heartbeats = 0;
  /** Absent: this member has all partitions. */
  assignedPartitions: readonly number[] | undefined;
  /** Called before each commit; a rejection is the broker's answer. */
  onCommit: () => Promise<void> = async () => {};

  constructor(oldest: Record<number, number>, latest: Record<number, number> = oldest) {
    this.oldest = numbers(oldest);
    this.latest = numbers(latest);
  }

  readonly coordinator = {
    offsetFetch: async () => ({
      responses: [{ topic: 't', partitions: this.#offsets((partition) => this.committed.get(partition) ?? -1) }],
    }),
    leaveGroup: async ({ memberId }: { memberId: string }) => void this.left.push(memberId),
  };

  readonly cluster = {
    findTopicPartitionMetadata: () =>
      [...this.oldest.keys()].map((partitionId) => ({ partitionId })) as ReturnType<
        ConsumerGroup['cluster']['findTopicPartitionMetadata']
      >,
    findGroupCoordinator: async () => this.coordinator,
    fetchTopicsOffset: async ([request]: Parameters<ConsumerGroup['cluster']['fetchTopicsOffset']>[0]) => {
      const wanted = new Set(request?.partitions.map(({ partition }) => partition));
      const offsetOf = (partition: number) => {
        // As if no record had a timestamp at or after the one asked for.
        if (request?.fromTimestamp !== undefined) return -1;
        return (request?.fromBeginning ? this.oldest : this.latest).get(partition) ?? -1;
      };
      return [{ topic: 't', partitions: this.#offsets(offsetOf).filter(({ partition }) => wanted.has(partition)) }];
    },
  };

  assigned(): { topic: string; partitions: number[] }[] {
    const partitions = [...(this.assignedPartitions ?? this.oldest.keys())];
    return partitions.length === 0 ? [] : [{ topic: 't', partitions }];
  }

  async heartbeat(): Promise<void> {
    this.heartbeats += 1;
  }

  async commitOffsets({ topics }: Parameters<ConsumerGroup['commitOffsets']>[0]): Promise<void> {
    const offsets = topics.flatMap(({ partitions }) =>
      partitions.map(({ partition, offset }) => [partition, Number(offset)] as const),
    );
    this.commits.push(Object.fromEntries(offsets));
    await this.onCommit();
    for (const [partition, offset] of offsets) this.committed.set(partition, offset);
  }

  #offsets(offsetOf: (partition: number) => number) {
    return [...this.oldest.keys()].map((partition) => ({ partition, offset: String(offsetOf(partition)) }));
  }
}

function numbers(record: Record<number, number>): Map<number, number> {
  return new Map(Object.entries(record).map(([key, value]) => [Number(key), value]));
}
