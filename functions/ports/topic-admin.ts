export interface TopicSpecification {
  readonly topic: string;
  readonly partitions: number;
  /** Topic configuration by its Kafka names, e.g. `{'cleanup.policy': 'delete', 'retention.ms': '1209600000'}`. */
  readonly config: Readonly<Record<string, string>>;
  /** The part of the configuration that a topic also gets when it exists already, because the pipelines depend on it. */
  readonly enforced?: Readonly<Record<string, string>>;
}

/** A topic after `createTopics`. */
export interface TopicReport {
  readonly topic: string;
  /** `exists`: it was there before, and its configuration was left as it is, except what is `enforced`. */
  readonly outcome: 'created' | 'exists';
  readonly partitions: number;
  /** Greater than `partitions` when the topic existed with fewer. They are not added, because keys would change partitions. */
  readonly partitionsWanted: number;
}

/** Creates topics. Nothing is ever deleted, and `createTopics` alters nothing but the configuration that is `enforced`. */
export interface TopicAdmin {
  /**
   * Creates the missing topics with the broker's default replication factor and resolves when every partition has a
   * leader. May run at the same time as other callers.
   *
   * @throws what the broker refuses, e.g. an unknown configuration name; other topics may have been created.
   */
  createTopics(specifications: readonly TopicSpecification[]): Promise<readonly TopicReport[]>;

  /**
   * Adds the partitions that existing topics lack, and resolves when every partition has a leader. The keys of later records
   * may then be in other partitions, so no record should wait.
   *
   * @returns the topics that have more partitions now.
   * @throws what the broker refuses; other topics may have been raised.
   */
  addPartitions(
    specifications: readonly Pick<TopicSpecification, 'topic' | 'partitions'>[],
  ): Promise<readonly string[]>;
}
