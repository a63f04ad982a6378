/** A topic at one moment. */
export interface TopicState {
  readonly clusterId: string;
  /** Kafka's id of the topic, which differs when the topic was deleted and created again. */
  readonly topicId: string;
  /** By number. */
  readonly partitions: readonly PartitionState[];
}

export interface PartitionState {
  /** The offset of the oldest record that is left. */
  readonly startOffset: bigint;
  /** The offset that the next record gets. */
  readonly endOffset: bigint;
}
