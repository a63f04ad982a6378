import type { PartitionOffsets } from '../core/offset-range.ts';
import type { TopicState } from '../core/topic-state.ts';

/**
 * Looks at a topic without consuming it.
 *
 * Consistency: `describe` sees every record that was acknowledged before the call.
 * Concurrency: all calls may overlap.
 *
 * @throws every method, when Kafka is unreachable, or when there is no such topic.
 */
export interface TopicInspector {
  describe(topic: string): Promise<TopicState>;

  /** The offset at which a consumer group continues, by partition; `null` where it has not committed one. */
  committedOffsets(group: string, topic: string): Promise<readonly (bigint | null)[]>;

  /**
   * Whether consumers receive a record at one of these offsets. There is none where a transaction has ended, or where it
   * was aborted.
   */
  hasRecords(offsets: PartitionOffsets): Promise<boolean>;
}
