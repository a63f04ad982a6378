import type { Cluster, TopicOffsets } from 'kafkajs';

/** The broker that coordinates the group. */
export interface Coordinator {
  offsetFetch(request: {
    groupId: string;
    topics: { topic: string; partitions: { partition: number }[] }[];
  }): Promise<{ responses: TopicOffsets[] }>;
  /** kafkajs does not declare it. */
  leaveGroup(request: { groupId: string; memberId: string }): Promise<void>;
}

/** What the event source uses of kafkajs' consumer group, which is this process's member of the group. */
export interface ConsumerGroup {
  readonly groupId: string;
  /** `null` before the first join, and after the broker dropped the member. */
  readonly memberId: string | null;
  readonly coordinator: Coordinator;
  readonly cluster: Pick<Cluster, 'findTopicPartitionMetadata' | 'fetchTopicsOffset'> & {
    findGroupCoordinator(group: { groupId: string }): Promise<Coordinator>;
  };
  assigned(): { topic: string; partitions: number[] }[];
  /** Rejects when the group is rebalancing. */
  heartbeat(options: { interval: number }): Promise<void>;
  commitOffsets(offsets: { topics: TopicOffsets[] }): Promise<void>;
}
