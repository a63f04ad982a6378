import type { OffsetRange } from '../core/offset-range.ts';

/** Published dead letters of one topic whose outcome is awaited. */
export interface AwaitedOutcomes {
  /** The origin topic. */
  readonly topic: string;
  readonly deadLetterTopic: string;
  readonly partition: number;
  /** Ids that the topic had when they were published, two at most; none for those of earlier versions. */
  readonly topicIds: readonly string[];
  /** From the first published offset to after the last one. */
  readonly offsets: OffsetRange;
}

/**
 * Decides what became of the dead letters that redrives have published.
 *
 * Duplicates: every call may be repeated. What is decided stays decided.
 * Concurrency: calls may overlap with each other, with redrives and with index-dead-letters.
 *
 * @throws every method, when the ledger is unreachable.
 */
export interface RedriveOutcomes {
  /** What was published, by topic and partition, unless its outcome is decided. */
  findAwaited(): Promise<readonly AwaitedOutcomes[]>;

  /**
   * Ends those that are published to offsets of these ranges, and did not come back, as `resolved`. The consumer group
   * must have passed the ranges, and index-dead-letters every dead letter that it published until then. Rows of files must
   * be among the loaded rows too, and those of a topic with another id are left alone.
   */
  resolve(topic: string, partition: number, ranges: readonly OffsetRange[], topicId: string): Promise<number>;

  /**
   * Opens rows of files again that are published to offsets of these ranges and are not loaded, unless a newer version of
   * their file has replaced them or the file is being loaded. The ranges are those of `resolve`, which is called before.
   */
  reopenUnloaded(topic: string, partition: number, ranges: readonly OffsetRange[]): Promise<number>;

  /** Opens those again that are published to a topic of this name with another id, because it was deleted. */
  reopenDeletedTopic(topic: string, topicId: string): Promise<number>;

  /** Opens those again that are published to these offsets, because their records are lost. */
  reopen(topic: string, partition: number, range: OffsetRange): Promise<number>;

  /**
   * Decides about whole files by the state of their version: `resolved` when it is complete, with one attempt more when it
   * is rejected again.
   */
  resolveFiles(): Promise<number>;

  /** Ends dead letters of versions that a newer one has replaced as `obsolete`. They no longer count as published. */
  markObsolete(): Promise<number>;

  /** Completes redrives without an outcome that is awaited, and counts their outcomes. */
  completeSettled(): Promise<void>;
}
